"""Papers with numbers: chosen, looked over, printed. In: requests. Out: pages, PDF."""

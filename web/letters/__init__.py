"""What an office prints, what comes back. In: records, papers as data. Out: PDF, prints, ages."""

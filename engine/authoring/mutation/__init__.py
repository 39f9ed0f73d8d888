"""Faults that no case notices."""

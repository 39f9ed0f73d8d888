"""What cases cover."""

"""What would make a record compliant."""

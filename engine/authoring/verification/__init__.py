"""What is proved of every record and day."""

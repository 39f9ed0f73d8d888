"""Two reports or more, compared."""

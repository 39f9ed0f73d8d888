"""The solver: questions about every record and every day at once. Judges no single record."""

"""The engine for records one by one, made of plain Python."""

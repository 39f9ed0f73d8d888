"""One file a kind of result: sections to read, and plain data."""

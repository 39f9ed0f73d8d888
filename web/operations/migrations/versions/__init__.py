"""The revisions, a file each. In: a connection. Out: a schema changed, with what is in it."""

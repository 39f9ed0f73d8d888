"""Files that a process of their own reads. In: a path. Out: their tables, or what is wrong."""

"""One module a kind of file. In: a path. Out: tables, each a header and chunks of raw columns."""

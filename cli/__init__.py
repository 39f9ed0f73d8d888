"""The command line. In: a call. Out: results on stdout, everything else on stderr."""

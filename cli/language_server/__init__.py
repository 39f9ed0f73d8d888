"""The language server. In: what an editor asks. Out: the answers of `engine.api`, in its words."""

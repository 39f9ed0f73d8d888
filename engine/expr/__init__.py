"""The expression tree, its types and its one table of operators."""

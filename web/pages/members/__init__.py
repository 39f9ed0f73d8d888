"""The clerk's list. In: filters, a selection. Out: cases page by page, one act for many."""

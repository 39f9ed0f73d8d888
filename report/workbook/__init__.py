"""Workbooks with the cells marked that findings read."""

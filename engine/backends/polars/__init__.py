"""The column engine."""

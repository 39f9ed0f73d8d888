"""The engines: one folder each, none importing another."""

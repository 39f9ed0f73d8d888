"""A report as one web page: whole in itself, asking nothing of any network."""

"""Types, policies and lints."""

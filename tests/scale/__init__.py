"""Every engine beside the reference on millions of random outcomes: `make differential`."""

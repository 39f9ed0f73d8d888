"""Rules to two-valued conditions, once for every engine."""

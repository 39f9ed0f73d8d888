"""Patterns that every engine reads alike, as automata, and texts that match them."""

"""Files of packs: made, laid out, linted."""

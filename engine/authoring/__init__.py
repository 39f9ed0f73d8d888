"""For those who write packs: test, cover, mutate, compare."""

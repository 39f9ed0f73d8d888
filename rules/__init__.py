"""The policy packs that come with the program: data only."""

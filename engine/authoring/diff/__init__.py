"""What two packs do differently."""

"""What packs, rules and fields are."""

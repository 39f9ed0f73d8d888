"""What an author should look at. In: a policy. Out: lints with ids, ignores, what can be mended."""

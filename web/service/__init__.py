"""The register put together. In: where it is kept. Out: one object with every room in it."""

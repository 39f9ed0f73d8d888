"""The engines that speak SQL: one compiler, three thin engines on top of it."""

"""The arbiter: plain evaluation without the lowering."""

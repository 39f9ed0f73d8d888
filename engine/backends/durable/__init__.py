"""The rule engine: durable-rules over facts."""

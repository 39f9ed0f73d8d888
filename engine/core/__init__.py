"""The ground: errors, messages, results, dates, text, YAML with places."""

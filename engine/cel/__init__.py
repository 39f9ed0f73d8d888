"""CEL text to trees; the only place that knows CEL's own parser."""

"""What is done to verdicts between an engine and a report, one stage a file."""

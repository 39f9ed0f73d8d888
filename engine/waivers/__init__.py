"""Approvals under which a violation may stand for a time, and findings that are known already."""

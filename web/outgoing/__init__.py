"""Calls to other servers, within bounds."""

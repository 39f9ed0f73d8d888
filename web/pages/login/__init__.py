"""Signing in. In: what somebody types. Out: a session, and the way back to where they were."""

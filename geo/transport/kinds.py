"""Closed lists of the transport network that others read without the network itself."""

__all__ = ["CROSSING_CLASSES"]

CROSSING_CLASSES = ("international", "bilateral", "seasonal", "disputed", "unknown")
"""Whose cargo may pass a crossing; disputed where sources disagree."""

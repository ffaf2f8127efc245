"""Compiled inner loops on plain arrays: distances, travel costs, overlay, peaks, relief."""

"""The same work done the usual way and by Lodemap, timed in turn."""

"""Clean power: sun and wind at any point, their yield, and what it costs.

Modules are imported one by one, so that the costs need no solar library.
"""

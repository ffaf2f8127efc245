"""Measures on the grid: distance, travel, terrain, zones, value functions and exclusion."""

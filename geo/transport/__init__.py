"""Freight from the mine gate to ports and smelters over a multimodal network."""

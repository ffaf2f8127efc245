"""The command ``lodemap``: thin calls with progress, nothing else."""

from geo.cli.main import main

__all__ = ["main"]

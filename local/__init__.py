"""The laptop stack: starts, seeds, checks and stops the real servers."""

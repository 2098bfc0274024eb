"""`make bench`: measures what DESIGN promises, and keeps the figures so that runs on one machine compare as ratios."""

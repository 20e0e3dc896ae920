"""Figures, each with the script that makes it and the limit it is held against: `python -m bench.<name>`."""

"""The crash matrix: kills posting at every step, on every wire fault, and counts the lines."""

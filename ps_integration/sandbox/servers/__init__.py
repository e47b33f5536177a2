"""Real servers that run as processes of their own, filled with books by the suite."""

"""Where log lines go: areas with levels of their own, evcc's line format, and a ring that the API reads."""

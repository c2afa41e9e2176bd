"""A controller that charges electric cars with the sun."""

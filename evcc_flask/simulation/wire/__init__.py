"""Servers that speak the devices' own protocols for a simulated house. Their framing is their own, not the bus's."""

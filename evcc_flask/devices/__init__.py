"""Meters and wallboxes: what a row of the library or an evcc.yaml describes, made of sources and sinks."""

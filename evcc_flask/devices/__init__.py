"""The house: registry, library and generic classes of devices."""

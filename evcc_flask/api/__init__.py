"""The REST API: one blueprint per tag of the contract."""

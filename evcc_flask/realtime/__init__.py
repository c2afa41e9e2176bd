"""The published state, pushed to whoever listens."""

"""Serves the page."""

"""Sphinx: the documents are plain reStructuredText, built with warnings as errors by script/test."""

project = "evcc-flask"
author = "the evcc-flask developers"
copyright = "2026, the evcc-flask developers"  # noqa: A001
extensions: list[str] = []
exclude_patterns = ["_build", "devices-list.rst"]
html_theme = "alabaster"
html_theme_options = {"description": "Charges electric cars with the sun", "fixed_sidebar": True}

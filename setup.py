"""Everything that can be said declaratively stands in setup.cfg."""

from setuptools import setup

setup()

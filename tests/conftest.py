"""What holds for every test: the log is afterwards as it was, and hypothesis draws the same examples each time.

``script/test --all`` lets it search: with ``HYPOTHESIS_PROFILE=search`` each run draws others.
"""

import logging
import os

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def _levels() -> dict[str, int]:
    known = logging.root.manager.loggerDict
    return {name: each.level for name, each in known.items() if isinstance(each, logging.Logger)}


@pytest.fixture(autouse=True)
def _logging_as_before():
    """A server that is started in the process sets the log up."""
    handlers, level, levels = logging.root.handlers[:], logging.root.level, _levels()
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    for name, now in _levels().items():
        if now != levels.get(name, logging.NOTSET):
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))

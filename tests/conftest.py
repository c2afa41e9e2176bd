"""What holds for every test: the log is afterwards as it was, since a server started in the process sets it up."""

import logging

import pytest


def _levels() -> dict[str, int]:
    known = logging.root.manager.loggerDict
    return {name: each.level for name, each in known.items() if isinstance(each, logging.Logger)}


@pytest.fixture(autouse=True)
def _logging_as_before():
    handlers, level, levels = logging.root.handlers[:], logging.root.level, _levels()
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    for name, now in _levels().items():
        if now != levels.get(name, logging.NOTSET):
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))

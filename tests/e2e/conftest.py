"""Worlds that end with their test."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.world import World


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def hurrying(tmp_path) -> Iterator[Callable[[float], World]]:
    """A world whose clock runs faster; wires and fail-safe timers stay real."""
    there: list[World] = []

    def make(speed: float) -> World:
        there.append(World(tmp_path, speed))
        return there[-1]

    yield make
    for world in there:
        world.close()

"""The heads that watch every series: the built-in ones and those of installed packages (entry point group below)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from telemetra.errors import Fatal
from telemetra.kinds.base import Series
from telemetra.moments.base import Detector
from telemetra.moments.baseline import baseline_of
from telemetra.moments.burst import Burst
from telemetra.moments.novelty import Novelty

ENTRY_POINT_GROUP = "telemetra.detectors"
"""A third party registers `name = "package.module:build"`, where `build(series) -> Detector`."""

BURST = "burst"
"""The head that also tells what is usual; every series has it."""

Build = Callable[[Series], Detector]
Heads = Mapping[str, Build]


def build_burst(series: Series) -> Burst:
    return Burst(baseline_of(series))


def build_novelty(_: Series) -> Novelty:
    return Novelty()


BUILT_IN: Heads = MappingProxyType({BURST: build_burst, "novelty": build_novelty})


@cache
def installed_heads() -> Heads:
    """As `load_heads`, looked up once in the life of a process."""
    return load_heads()


def load_heads() -> Heads:
    """The built-in heads and every installed one, by name. Raises `Fatal` where two have the same name."""
    heads = dict(BUILT_IN)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name in heads:
            raise Fatal(f"the detector {point.name!r} of {point.value} has the name of another one")
        heads[point.name] = point.load()
    return MappingProxyType(heads)

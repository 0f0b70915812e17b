"""The entry point `telemetra`: loads the program with the garbage collector at rest.

There is nothing to find among modules that are still loading, and looking for it took a third of the time to load them.
"""

from __future__ import annotations

import gc

gc.disable()

from telemetra.cli import main as run  # noqa: E402 what follows is what must not be looked through

gc.freeze()
gc.enable()


def main() -> None:
    """Run the command line."""
    run()

"""All benchmarks one after the other, or those that are named: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys
import time
from pathlib import Path


def names() -> list[str]:
    """Every module beside this one is a benchmark."""
    folder = str(Path(__file__).parent)
    return sorted(
        module.name for module in pkgutil.iter_modules([folder]) if not module.ispkg and module.name != "__main__"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(names()))
    chosen = parser.parse_args().names or names()
    if unknown := set(chosen) - set(names()):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    failed = []
    for name in chosen:
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        # A process each: what one leaves in memory is not for the next one to carry.
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
        print(f"   {time.monotonic() - started:.0f} s", flush=True)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

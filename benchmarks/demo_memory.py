"""Memory of `telemetra demo` with its embedded PostgreSQL, a minute after it was started.

By then the half hour that it begins with is counted, and it goes on in real time. Proportional set size: memory that
processes share is divided among them, so that the sum is what the machine gives for the demo.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.support import report, servers
from benchmarks.support.resources import Postgres, family, pss_bytes

SECONDS = 50.0
EVERY_SECONDS = 2.0
TARGET_MIB = 512
MIB = 1 << 20


def main(argv: Sequence[str] | None = None) -> None:
    seconds = 2.0 if report.arguments(__doc__, argv) else SECONDS
    report.heading("Memory of the demo", f"PSS, every {EVERY_SECONDS:.0f} s for {seconds:.0f} s")
    with servers.directory() as work, servers.telemetra(work, command="demo") as server:
        database = Postgres(work / "data")
        until = time.monotonic() + seconds
        sizes = []
        while time.monotonic() < until:
            sizes.append((pss_bytes(family(server.process)) / MIB, pss_bytes(database.processes()) / MIB))
            time.sleep(EVERY_SECONDS)
    telemetra, postgres = sizes[-1]
    most = max(sum(size) for size in sizes)
    print(f"  Telemetra {telemetra:.0f} MiB, PostgreSQL {postgres:.0f} MiB, the most at a time {most:.0f} MiB")
    report.ratio(f"demo / {TARGET_MIB} MiB", most / TARGET_MIB, "below 1")


if __name__ == "__main__":
    main()

"""`python -m tests.support.embedded_owner DIR`: own an embedded PostgreSQL until the standard input ends.

It prints the server's URL once it is up, or the one line with which it was refused (and ends with 1).
"""

from __future__ import annotations

import sys
from pathlib import Path

from telemetra.errors import Fatal
from telemetra.store.embedded import EmbeddedPostgres


def main() -> None:
    server = EmbeddedPostgres(Path(sys.argv[1]))
    try:
        print(server.start(), flush=True)
    except Fatal as error:
        sys.exit(str(error))
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()

"""A load by a peer: prepared outside the clock, measured, reported as JSON.

The process is given the database in `PEER_URL` and the number of rows as its last argument.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable

Load = Callable[[], object]


def run(prepare: Callable[[str, int], Load]) -> None:
    """Import, connect and read the parents first; the clock runs from the first row on."""
    load = prepare(os.environ["PEER_URL"], int(sys.argv[-1]))
    started = time.monotonic()
    load()
    seconds = time.monotonic() - started
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps({"seconds": seconds, "peak_mb": peak / 1024}))

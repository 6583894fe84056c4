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
from pathlib import Path

Load = Callable[[], object]


def run(prepare: Callable[[str, int], Load]) -> None:
    """Import, connect and read the parents first; the clock runs from the first row on."""
    load = prepare(os.environ["PEER_URL"], int(sys.argv[-1]))
    started = time.monotonic()
    load()
    seconds = time.monotonic() - started
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak_mb": max(_peak(), children) / 1024}))


def _peak() -> int:
    """Kilobytes. What `getrusage` says of this process begins with those of its starter."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (one for one in status.read_text().splitlines() if one.startswith("VmHWM:"))
    return int(line.split()[1])

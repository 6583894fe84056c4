"""Starting a background process: detached, and known by what it was started as."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from seedbed.postgres.embedded import home as folders
from seedbed.server.errors import DidNotStart
from seedbed.server.started import Process, began

__all__ = ["DidNotStart", "Process", "start"]


SHOWN_SECONDS = 5.0
"""How long a process may take until its command line is seen."""

APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def start(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    log: Path,
    *,
    handed: Sequence[int] = (),
) -> Process:
    """Start a process that outlives this one, writes to `log`, and keeps the open files `handed`.

    Raises:
        NotOurs, NoAccess: somebody else could have laid out the log.
    """
    folders.made(log.parent)
    # A shell starts `command &` with SIGINT ignored, and children inherit that; the worker sends
    # itself SIGINT to end, so it would never end. A handler is not inherited, the default is.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with os.fdopen(folders.opened(log, APPEND), "ab") as out:
            child = subprocess.Popen(
                arguments,
                env=dict(environ),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=handed,
            )
    finally:
        signal.signal(signal.SIGINT, before)
    child.returncode = 0  # it outlives us on purpose, and Popen would warn about that
    process, command = psutil.Process(child.pid), tuple(arguments[1:])
    _await_command(process, command)
    return Process(pid=child.pid, started=began(process), command=command)


def _await_command(process: psutil.Process, command: tuple[str, ...]) -> None:
    """Wait until the process shows the command by which it is known from here on.

    A new program's files are closed, by which its start is noticed, a moment before the kernel
    shows its command line; on a busy machine somebody looks in between.
    """
    deadline = time.monotonic() + SHOWN_SECONDS
    with suppress(psutil.NoSuchProcess):
        while tuple(process.cmdline()[1:])[: len(command)] != command:
            if time.monotonic() > deadline or process.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.001)

"""A background process: started detached, known by pid and start time, stopped for certain.

A pid alone is not enough to signal anything: the kernel gives it to somebody else once the
process is gone. With its start time the pair is unique.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from tasks.engine.errors import SeedbedError

SAME_START = 1.0
"""Seconds: psutil derives the start from the boot time, which a corrected clock moves a little."""

POLL = 0.05
"""Seconds between two looks at a process that is about to end."""

LOG_TAIL = 15
"""Lines of the log that an error shows."""


class DidNotStart(SeedbedError):
    """A process that ended, or stayed silent, instead of serving."""

    def __init__(self, name: str, problem: str, log: Path) -> None:
        lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL:] if log.exists() else []
        tail = "".join(f"\n  {line}" for line in lines)
        super().__init__(f"the {name} {problem}; see {log} and run `seedbed up` again{tail}")


class Process(BaseModel):
    """One process that we started."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: float

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return self._find() is not None

    def stop(self, patience: float) -> None:
        """End it and whatever it started: ask, ask again, then kill.

        Prefect's worker turns its first SIGTERM into an orderly end, which waits for the runs
        in progress, and its second one into SIGKILL; its server does the same.
        """
        process = self._find()
        if process is None:
            return
        children = process.children(recursive=True)
        _end([process], (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL), patience)
        _end(children, (signal.SIGTERM, signal.SIGKILL), patience)  # runs that were in progress

    def _find(self) -> psutil.Process | None:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_START
            if same and _runs(process):
                return process
        return None


def start(arguments: Sequence[str], environ: Mapping[str, str], folder: Path, log: Path) -> Process:
    """Start a process that outlives this one and writes to `log`."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A shell starts `command &` with SIGINT ignored, and children inherit that; the worker sends
    # itself SIGINT to end, so it would never end. A handler is not inherited, the default is.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
            child = subprocess.Popen(
                arguments,
                env=dict(environ),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    finally:
        signal.signal(signal.SIGINT, before)
    child.returncode = 0  # it outlives us on purpose, and Popen would warn about that
    return Process(pid=child.pid, started=psutil.Process(child.pid).create_time())


def _end(family: Sequence[psutil.Process], signals: Sequence[int], patience: float) -> None:
    """Send one signal after the other until all are gone; `patience` is in seconds, for each."""
    for number in signals:
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(number)
        deadline = time.monotonic() + patience
        while any(map(_runs, family)):
            if time.monotonic() > deadline:
                break
            time.sleep(POLL)
        else:
            return


def _runs(process: psutil.Process) -> bool:
    """Whether it still does something: in a container nobody may collect the dead."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

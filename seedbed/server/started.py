"""Background: what `seedbed up` started and wrote down, in `<home>/background.json` (mode 0600).

A pid alone is not enough to signal anything: the kernel gives it to somebody else once the
process is gone. With its start time the pair is unique, and the command line and the user say
that it is what we started.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from seedbed.postgres.connection.redact import register_secret
from seedbed.postgres.embedded import home as folders

HOST = "127.0.0.1"
PORT = 4200
"""Prefect's own."""

SAME_START = 3.0
"""Seconds between two readings of one process's start."""

POLL = 0.05
"""Seconds between two looks at a process that is about to end."""


class Process(BaseModel):
    """One process that we started."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: float
    command: tuple[str, ...] = ("-m", "prefect")
    """How its arguments begin; the default is what every process of an earlier version was."""

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
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process = psutil.Process(self.pid)
            same = any(abs(one - self.started) < SAME_START for one in _starts(process))
            if same and _runs(process) and process.uids().real == os.geteuid():
                told = tuple(process.cmdline()[1:])
                return process if told[: len(self.command)] == self.command else None
        return None


def began(process: psutil.Process) -> float:
    """When a process started, in seconds since the machine did; where that is not told, by date.

    A date is worked out from the clock, and a clock that is corrected moves it: on a virtual
    machine the same process was seen to have started a minute later.
    """
    return _starts(process)[0]


def _starts(process: psutil.Process) -> tuple[float, ...]:
    """By the kernel's own count where there is one, and by date, as earlier versions noted it."""
    with suppress(FileNotFoundError):
        # After the name, which may hold anything: the 22nd field of all (proc(5)).
        told = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(told[19]) / os.sysconf("SC_CLK_TCK"), process.create_time()
    return (process.create_time(),)


class State(BaseModel):
    """Two processes, the port between them, and what one has to say to be let in."""

    model_config = ConfigDict(frozen=True)

    port: int = PORT
    login: str = Field(default="", repr=False)
    """User and password as one string; empty for a server that an earlier version started."""
    server: Process | None = None
    worker: Process | None = None
    project: Path | None = None
    """The folder that the worker works in; None for one that an earlier version started."""
    told: Path | None = None
    """The file in which `prefect` finds the server, where `up` wrote one."""

    @property
    def ui(self) -> str:
        """What a person opens."""
        return f"http://{HOST}:{self.port}"

    @property
    def api(self) -> str:
        """What PREFECT_API_URL must be."""
        return f"{self.ui}/api"

    def server_runs(self) -> bool:
        """Whether the server that we started is there; the port is its own from the beginning."""
        return self.server is not None and self.server.alive()

    def worker_runs(self) -> bool:
        """Whether the worker that we started is there."""
        return self.worker is not None and self.worker.alive()


def file_of(home: Path) -> Path:
    """Where the state is written down."""
    return home / "background.json"


def read(home: Path) -> State:
    """What was written last; nothing runs when there is no file, or none that can be read.

    Raises:
        NotOurs, NoAccess: somebody else could have written it.
    """
    folders.examine(home)
    try:
        state = State.model_validate_json(folders.read(file_of(home)))
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return State()
    register_secret(state.login)
    return state


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

"""Worker: a process beside the run that does one job after the other.

Jobs come in and answers go out as pickles, through pipes that only the run has the other ends of.
A process of multiprocessing's would first import the program that started it, Prefect included.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

import seedbed.steps.part  # noqa: F401  # while the run still prepares the first job
from seedbed.context.project import opened
from seedbed.declare.errors import SeedbedError

Jobs = SimpleQueue[tuple[Callable[[Any], Any], Any]]


def main() -> None:
    """Do jobs until the run is gone."""
    opened()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the run and its workers
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not get among the answers
    jobs: Jobs = SimpleQueue()
    Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while True:
        job, part = jobs.get()
        try:
            answer = job(part)
        except SeedbedError as error:
            answer = error
        pickle.dump(answer, answers)
        answers.flush()


def _listen(pipe: BinaryIO, jobs: Jobs) -> None:
    """Take jobs in; the pipe's end is the run's, also in the middle of a job."""
    with suppress(EOFError):
        while True:
            jobs.put(pickle.load(pipe))
    os._exit(0)


if __name__ == "__main__":
    main()

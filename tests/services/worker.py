"""The application's worker, as somebody else would write it: another client, its own ids."""

from __future__ import annotations

import json
import random
import threading
from typing import Any

import psycopg
import valkey

from seedbed.testing.cluster import Connection


class Worker:
    """Takes jobs from the list one by one and writes a row for each, in a thread of its own."""

    def __init__(self, port: int, person: Connection) -> None:
        self._queue: Any = valkey.Valkey(port=port)  # its annotations are of two clients at once
        self._person = person
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.done: list[dict[str, Any]] = []

    def __enter__(self) -> Worker:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._queue.close()

    def _work(self) -> None:
        while not self._stop.is_set():
            taken = self._queue.blpop(["embedding:jobs"], timeout=0.1)
            if taken is not None:
                self._do(json.loads(taken[1]))

    def _do(self, job: dict[str, Any]) -> None:
        data = job["data"]
        query = "SELECT full_text FROM transcripts WHERE id = %s AND share_id = %s"
        [(text,)] = self._person.execute(query, (data["transcript_id"], data["share_id"]))
        embedding = made_up(text)
        try:
            self._person.execute(
                "INSERT INTO embeddings (share_id, embedding) VALUES (%s, %s::vector)",
                (data["share_id"], str(embedding)),
            )
        except psycopg.errors.ForeignKeyViolation:
            return
        self.done.append(job)


def made_up(text: str) -> list[float]:
    """A vector of length 1 that only this worker makes."""
    draw = random.Random(text)
    numbers = [draw.gauss(0, 1) for _ in range(1536)]
    length = sum(number**2 for number in numbers) ** 0.5
    return [number / length for number in numbers]

"""Emulators: servers in threads that remember every request and fail when they are told to.

A fault is what goes wrong with one request: the server may have done it or not, and says
something else, half of it, or nothing.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

How = Literal["refused", "dropped", "failed", "lost", "cut", "half", "late"]
"""refused    not done; answers with the fault's status
dropped    not done; the connection ends
failed     done; answers with the fault's status nevertheless
lost       done; the connection ends without an answer
cut        done; the connection ends in the middle of the answer
half       done; half the JSON, as if it were whole
late       done; the answer comes after the client's patience
"""

DONE = frozenset({"failed", "lost", "cut", "half", "late"})


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    raw: str
    """The path as it was sent."""

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


Watch = Callable[[Asked], None]


@dataclass(frozen=True)
class Answer:
    """What the server says; no `content`, no body."""

    status: int = 200
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The content as JSON."""
        return b"" if self.content is None else json.dumps(self.content).encode()


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that fit."""

    request: str
    """A pattern of "METHOD path"."""
    how: How
    status: int = 500
    times: int = 1
    spared: int = 0
    """Fitting requests before them that go well."""


class Emulator:
    """A server; what it does is `answer`, one request at a time."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.wrong: list[str] = []
        """What a client or this server did that no contract allows."""
        self.watch: Watch = lambda asked: None
        """Told of every request before it is done."""
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.url = ""
        """Where it listens."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve while the block runs; afterwards nothing may have been wrong."""
        handler = type("Handler", (_Handler,), {"emulator": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._closing.set()
            server.shutdown()
            server.server_close()
            thread.join()
        assert not self.wrong, "; ".join(self.wrong)

    def answer(self, asked: Asked) -> Answer:
        """What a request is answered with, and what it does."""
        raise NotImplementedError

    def fault(self, request: str, how: How, status: int = 500, times: int = 1) -> None:
        """Let the next requests go wrong that fit the pattern of "METHOD path"."""
        self.faults.append(Fault(request, how, status, times))

    def after(self, spared: int, request: str, how: How, status: int = 500) -> None:
        """Let one request go wrong that fits the pattern, after so many that go well."""
        self.faults.append(Fault(request, how, status, spared=spared))

    def count(self, request: str) -> int:
        """How many requests fitted the pattern so far."""
        return sum(re.fullmatch(request, str(one)) is not None for one in self.asked)

    def handle(self, asked: Asked) -> tuple[Answer, Fault | None]:
        """Do a request, or not, and what to say; what is to go wrong with it."""
        with self._lock:
            self.asked.append(asked)
            self.watch(asked)
            fault = self._fault(asked)
            if fault and fault.how not in DONE:
                return Answer(fault.status, self.trouble(fault.status)), fault
            answer = self.answer(asked)
            if fault and fault.how == "failed":
                answer = Answer(fault.status, self.trouble(fault.status))
            return answer, fault

    def trouble(self, status: int) -> Any:
        """The body of an error that no request is to blame for."""
        return {"message": f"trouble {status}"}

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than the server runs."""
        self._closing.wait(seconds)

    def _fault(self, asked: Asked) -> Fault | None:
        for fault in self.faults:
            if not fault.times or not re.fullmatch(fault.request, str(asked)):
                continue
            if fault.spared:
                fault.spared -= 1
                continue
            fault.times -= 1
            return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    emulator: Emulator
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet

    def _handle(self) -> None:
        split = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        asked = Asked(
            self.command,
            unquote(split.path),
            dict(parse_qsl(split.query)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            split.path,
        )
        answer, fault = self.emulator.handle(asked)
        how = fault.how if fault else ""
        if how in ("dropped", "lost"):
            self._hang_up()
            return
        if how == "late":
            self.emulator.wait(LATE_SECONDS)
        body = answer.body
        sent = body[: len(body) // 2] if how in ("cut", "half") else body
        self.send_response(answer.status)
        if body:
            self.send_header("content-type", "application/json; charset=utf-8")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("content-length", str(len(body if how == "cut" else sent)))
        self.end_headers()
        self.wfile.write(sent)
        if how == "cut":
            self.wfile.flush()
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle  # noqa: N815 - the server's names

    def log_message(self, format: str, *args: object) -> None:
        """The record is in `asked`."""


LATE_SECONDS = 0.6
"""Longer than the tests' clients wait for an answer."""

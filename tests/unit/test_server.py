"""Which Prefect server records a run, and what is said when it fails: asked of small servers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from flows.invoke import ServerFailed
from tasks.postgres import embedded
from tasks.server import find


@contextmanager
def serving(statuses: Mapping[str, int]) -> Iterator[int]:
    """A server on this machine that gives each path its status; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses[self.path])
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ensured(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The homes whose embedded server was asked to start; none does."""
    homes: list[Path] = []
    monkeypatch.setattr(embedded, "ensure", lambda home, environ: homes.append(home))
    return homes


def test_a_server_whose_database_answers_is_used(tmp_path: Path, ensured: list[Path]) -> None:
    with serving({"/api/health": 200, "/api/ready": 200}) as port:
        (tmp_path / "background.json").write_text(json.dumps({"port": port}))
        api = find({"SEEDBED_HOME": str(tmp_path)}, verbose=False)
    assert api == f"http://127.0.0.1:{port}/api"
    assert ensured == []


def test_a_stopped_database_of_the_server_that_up_started_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = {"/api/health": 200, "/api/ready": 503}
    monkeypatch.setattr(embedded, "ensure", lambda *_: statuses.update({"/api/ready": 200}))
    with serving(statuses) as port:
        (tmp_path / "background.json").write_text(json.dumps({"port": port}))
        api = find({"SEEDBED_HOME": str(tmp_path)}, verbose=False)
    assert api == f"http://127.0.0.1:{port}/api"


def test_a_server_without_its_database_is_out_of_reach(tmp_path: Path, ensured: list[Path]) -> None:
    with serving({"/api/health": 200, "/api/ready": 503}) as port:
        named = f"http://127.0.0.1:{port}/api"
        environ = {"SEEDBED_HOME": str(tmp_path), "PREFECT_API_URL": named}
        assert find(environ, verbose=False) is None
    assert "PREFECT_API_URL" not in environ
    assert ensured == []  # it is not the one that `up` started


def test_a_failing_server_is_said_in_a_sentence() -> None:
    request = httpx.Request("POST", "http://127.0.0.1:4200/api/flows/")
    failed = httpx.HTTPStatusError("", request=request, response=httpx.Response(500))
    assert str(ServerFailed("http://127.0.0.1:4200/api", failed)) == (
        "the Prefect server at http://127.0.0.1:4200/api answered 500; look at `seedbed status`, "
        "then run again: it goes on where it was"
    )
    gone = httpx.ConnectError("", request=request)
    assert str(ServerFailed("http://127.0.0.1:4200/api", gone)) == (
        "the Prefect server at http://127.0.0.1:4200/api does not answer; look at "
        "`seedbed status`, then run again: it goes on where it was"
    )

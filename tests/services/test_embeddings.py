"""The remote adapter against a server that speaks the OpenAI API over HTTP, and its faults."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.declare.errors import BadSetting
from seedbed.declare.values import Bytes
from seedbed.engine.services import Embeddings
from seedbed.postgres.connection.redact import redacted
from seedbed.run.counted import checked, drifted
from seedbed.services import http
from seedbed.services.embeddings import Hashed, Remote, embedder
from seedbed.services.errors import NoCredentials, ServiceAway, ServiceFailed
from seedbed.testing.contents import contents, versions
from seedbed.testing.worlds import World
from tests.services.conftest import free_port

KEY = "sk-Kanarienvogel-0123456789"


def vector(text: str, dimensions: int) -> list[float]:
    """What the server's model makes of a text: not of length 1."""
    digest = sha256(text.encode()).digest()
    return [float(digest[i % 32]) - 100.0 for i in range(dimensions)]


def refusal(status: int) -> dict[str, str]:
    """The body of an error; servers have been seen to repeat the key in it."""
    return {"message": f"wrong: {KEY}"} | ({"type": "invalid_api_key"} if status == 401 else {})


class Server(ThreadingHTTPServer):
    """Answers `POST /v1/embeddings`; `faults` are answered first, one a request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.faults: list[int | str] = []
        self.change: Callable[[dict[str, Any]], object] = lambda body: body

    @property
    def url(self) -> str:
        """Its address, as the environment names it."""
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.keys.append(self.headers["authorization"])
        self.server.requests.append(body)
        fault = self.server.faults.pop(0) if self.server.faults else 200
        if fault == "drop":
            self.connection.close()
            return
        if fault == "sleep":
            time.sleep(0.5)
        status = fault if isinstance(fault, int) else 200
        if self.path != "/v1/embeddings":
            status = 404
        data = [
            {"object": "embedding", "index": place, "embedding": vector(text, body["dimensions"])}
            for place, text in enumerate(body["input"])
        ]
        answer = {"object": "list", "data": data[::-1], "model": body["model"]}
        content = self.server.change(answer) if status == 200 else {"error": refusal(status)}
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("retry-after", "7")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    """The service."""
    with running() as made:
        yield made


@contextmanager
def running() -> Iterator[Server]:
    made = Server()
    thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def settings(**given: Any) -> Embeddings:
    return Embeddings(adapter="openai", model="a-model", **given)


def remote(server: Server, **given: Any) -> Remote:
    return Remote(server.url, KEY, settings(**given))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which nobody waits for."""
    kept: list[float] = []
    monkeypatch.setattr("seedbed.services.http.time.sleep", kept.append)
    return kept


def texts(*given: str) -> Bytes:
    return np.array([one.encode() for one in given])


def test_texts_are_sent_in_batches_and_come_back_in_their_order_at_length_1(
    server: Server,
) -> None:
    given = [f"text {i} with ünïcode" for i in range(5)]
    made = remote(server, batch=2).vectors(texts(*given), 8)
    assert [one["input"] for one in server.requests] == [given[:2], given[2:4], given[4:]]
    assert {one["model"] for one in server.requests} == {"a-model"}
    assert {one["dimensions"] for one in server.requests} == {8}
    assert set(server.keys) == {f"Bearer {KEY}"}
    expected = np.array([vector(one, 8) for one in given])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert made == pytest.approx(expected, abs=1e-6)
    assert made.dtype == np.float32


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/"])
def test_the_address_may_end_in_v1(server: Server, tail: str) -> None:
    one = Remote(server.url + tail, KEY, settings())
    assert one.vectors(texts("a"), 4).shape == (1, 4)


@pytest.mark.parametrize("fault", [429, 502, 503, 504, "drop"])
def test_what_can_pass_is_tried_again(
    server: Server, pauses: list[float], fault: int | str
) -> None:
    server.faults = [fault, fault]
    remote(server).vectors(texts("a"), 4)
    assert (len(server.requests), len(pauses)) == (3, 2)
    if fault == 429:
        assert pauses == [7.0, 7.0]  # as the server asked


def test_a_server_that_stays_away_is_an_error_that_can_pass(
    server: Server, pauses: list[float]
) -> None:
    server.faults = [503] * 9
    with pytest.raises(ServiceAway) as caught:
        remote(server).vectors(texts("a"), 4)
    assert str(caught.value) == (
        "embeddings: could not embed 1 texts: it answered 503 (6 tries, host 127.0.0.1)"
    )
    assert caught.value.passes
    assert (len(server.requests), len(pauses)) == (6, 5)


def test_a_late_answer_and_a_closed_port_are_sentences(
    server: Server, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Remote(f"http://127.0.0.1:{free_port()}", KEY, settings())
    with pytest.raises(ServiceAway, match="ConnectError on the way to it"):
        nowhere.vectors(texts("a"), 4)
    monkeypatch.undo()  # this time the server sleeps
    monkeypatch.setattr(http, "TRIES", 1)
    made = remote(server)
    made._api._client.timeout = 0.05
    server.faults = ["sleep"]
    with pytest.raises(ServiceAway, match="ReadTimeout on the way to it"):
        made.vectors(texts("a"), 4)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "it answered 400"),
        (401, "it answered 401 (invalid_api_key)"),
        (404, "it answered 404"),
        (500, "it answered 500"),
    ],
)
def test_what_does_not_pass_is_said_once_without_key_or_body(
    server: Server, status: int, said: str
) -> None:
    server.faults = [status]
    with pytest.raises(ServiceFailed) as caught:
        remote(server).vectors(texts("a secret text"), 4)
    assert str(caught.value).endswith(f": {said}")
    assert not caught.value.passes
    assert KEY not in str(caught.value)
    assert len(server.requests) == 1


WRONG: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda body: b"<html>", "its answer is no JSON"),
    (lambda body: [], "its answer is no list of embeddings"),
    (lambda body: {"data": [{"index": 0}]}, "its answer is no list of embeddings"),
    (lambda body: body | {"data": body["data"][:1]}, "it answered 1 embeddings for 2 texts"),
    (lambda body: body | {"data": body["data"][:1] * 2}, "it answered 2 embeddings for 2 texts"),
    (
        lambda body: {"data": [one | {"embedding": [1.0, 2.0]} for one in body["data"]]},
        "it answered 2 dimensions and the column holds 4; choose another model",
    ),
    (
        lambda body: {"data": [one | {"embedding": [0.0] * 4} for one in body["data"]]},
        "it answered a vector without a direction",
    ),
    (
        lambda body: {"data": [one | {"embedding": [float("nan")] * 4} for one in body["data"]]},
        "it answered a vector without a direction",
    ),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_an_answer_that_is_no_embeddings_is_refused(
    server: Server, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    server.change = change
    with pytest.raises(ServiceFailed, match=said):
        remote(server).vectors(texts("a", "b"), 4)


def test_the_profile_chooses_the_adapter() -> None:
    assert isinstance(embedder(Embeddings(), {}), Hashed)  # type: ignore[call-arg]
    variables = {"SEEDBED_EMBEDDINGS_URL": "https://host/v1", "SEEDBED_EMBEDDINGS_KEY": KEY}
    made = embedder(settings(batch=7), variables)
    assert made.kind == "openai, a-model at host"
    assert (made.batch, made.repeatable) == (7, False)


@pytest.mark.parametrize(
    ("url", "key", "missing"),
    [
        ("", KEY, "SEEDBED_EMBEDDINGS_URL"),
        ("https://host", " ", "SEEDBED_EMBEDDINGS_KEY"),
        ("", "", "SEEDBED_EMBEDDINGS_URL and SEEDBED_EMBEDDINGS_KEY"),
    ],
)
def test_a_remote_adapter_without_its_address_or_key_is_refused(
    url: str, key: str, missing: str
) -> None:
    variables = {"SEEDBED_EMBEDDINGS_URL": url, "SEEDBED_EMBEDDINGS_KEY": key}
    with pytest.raises(NoCredentials) as caught:
        embedder(settings(), variables)
    assert str(caught.value).startswith(
        f"services.embeddings.adapter is 'openai', which needs {missing} in the environment"
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("url", ["host/v1", f"https://me:{KEY}@host", "ftp://host"])
def test_an_address_that_is_none_is_refused_without_showing_it(url: str) -> None:
    variables = {"SEEDBED_EMBEDDINGS_URL": url, "SEEDBED_EMBEDDINGS_KEY": KEY}
    with pytest.raises(BadSetting) as caught:
        embedder(settings(), variables)
    assert str(caught.value) == (
        "environment: SEEDBED_EMBEDDINGS_URL is no address like https://host/v1 without a login; "
        "the key goes into SEEDBED_EMBEDDINGS_KEY"
    )
    assert caught.value.exit_code == 2


# -- through the dataset ------------------------------------------------------------------------


@pytest.fixture
def world(fresh: Callable[[Dataset], World], server: Server) -> World:
    """The dataset on an empty database, with the remote adapter."""
    made = fresh(dataset("transcripts"))
    made.profile(services={"embeddings": {"adapter": "openai", "batch": 3}})
    variables = {"SEEDBED_EMBEDDINGS_URL": server.url, "SEEDBED_EMBEDDINGS_KEY": KEY}
    return replace(made, variables=variables)


def test_a_seed_writes_the_servers_vectors_and_asks_for_none_twice(
    world: World, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        reports = world.seed(scale=4)
    assert reports["embeddings"].added == 8
    assert [len(one["input"]) for one in server.requests] == [3, 3, 2]
    assert KEY not in caplog.text
    assert redacted(f"the key is {KEY}") == "the key is ***"
    with world.superuser() as person:
        [(found, text)] = person.execute(
            "SELECT e.embedding::text, t.full_text FROM embeddings e JOIN transcripts t USING "
            "(share_id) WHERE share_id::text LIKE '%1'"
        ).fetchall()
        before = versions(person)
        world.seed(scale=4)
        assert versions(person) == before
    expected = np.array(vector(text, 1536))
    assert json.loads(found) == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert len(server.requests) == 3


def test_verify_compares_all_but_the_vectors_and_asks_for_none(
    world: World, server: Server
) -> None:
    world.seed()
    asked = len(server.requests)
    with world.superuser() as person, world.opened("verify") as work:
        assert drifted(work) == ()
        assert [one for one in checked(work) if not one.passed] == []
        person.execute("UPDATE embeddings SET embedding = embedding - embedding - embedding")
        assert drifted(work) == ()  # nobody can tell
        person.execute("UPDATE embeddings SET created_at = now()")
        assert [one.columns for one in drifted(work)] == [("created_at",)]
    assert len(server.requests) == asked


def test_a_service_that_fails_in_the_middle_leaves_nothing_of_the_step(
    world: World, server: Server
) -> None:
    server.faults = [200, 500]
    with pytest.raises(ServiceFailed, match="it answered 500"):
        world.seed(scale=4)
    with world.superuser() as person:
        held = contents(person)
    assert (len(held["public.transcripts"]), held["public.embeddings"]) == (8, set())
    assert world.seed(scale=4)["embeddings"].added == 8


def test_without_the_address_nothing_is_written(world: World) -> None:
    with pytest.raises(NoCredentials, match="needs SEEDBED_EMBEDDINGS_URL and SEEDBED_EMB"):
        replace(world, variables={}).seed()
    with world.superuser() as person:
        assert person.execute("SELECT FROM users").rowcount == 0

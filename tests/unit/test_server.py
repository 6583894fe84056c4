"""Which Prefect server records a run, what it is told, and what is said when it fails."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import psutil
import pytest

from seedbed.cli.errors import ServerFailed
from seedbed.declare.errors import BadSetting
from seedbed.postgres.embedded import embedded
from seedbed.server.api import Api, find
from seedbed.server.errors import LetsNobodyIn, NoServer
from seedbed.server.started import began

ROOT = Path(__file__).parents[2]
LOGIN = "seedbed:of-this-server"
OTHERS = "me:of-another-server"


@dataclass
class Small:
    """A server on this machine that gives each path its status, and keeps what it was told."""

    statuses: Mapping[str, int]
    login: str = ""
    port: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its API."""
        return f"http://127.0.0.1:{self.port}/api"


READY = {"/api/health": 200, "/api/flows/count": 200}


@contextmanager
def serving(statuses: Mapping[str, int] = READY, login: str = "") -> Iterator[Small]:
    """Such a server; with a login it lets nobody else in."""
    small = Small(dict(statuses), login)
    wanted = f"Basic {b64encode(login.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(small.statuses[self.path])

        def do_POST(self) -> None:
            told = self.headers.get("Authorization", "")
            small.told.append(told)
            self.answer(401 if login and told != wanted else small.statuses[self.path])

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"0")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    small.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield small
    finally:
        server.shutdown()
        server.server_close()


def written_by_up(home: Path, small: Small) -> None:
    """What `up` writes down, as if this process were the server that it started."""
    me = psutil.Process()
    server = {"pid": me.pid, "started": began(me), "command": me.cmdline()[1:]}
    state = {"port": small.port, "login": small.login, "server": server}
    (home / "background.json").write_text(json.dumps(state))


@pytest.fixture
def ensured(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The homes whose embedded server was asked to start; none does."""
    homes: list[Path] = []
    monkeypatch.setattr(embedded, "ensure", lambda home, environ: homes.append(home))
    return homes


def test_the_server_of_up_is_used_and_told_its_login(tmp_path: Path, ensured: list[Path]) -> None:
    with serving(login=LOGIN) as small:
        written_by_up(tmp_path, small)
        environ = {"SEEDBED_HOME": str(tmp_path), "PREFECT_API_KEY": "of another server"}
        api = find(environ, verbose=False)
    assert api == Api(small.url, LOGIN)
    assert ensured == []
    assert environ["PREFECT_API_URL"] == small.url
    assert environ["PREFECT_API_AUTH_STRING"] == LOGIN
    assert environ["PREFECT_API_KEY"] == ""
    assert LOGIN not in repr(api)


def test_whoever_listens_where_a_server_of_up_was_is_not_told_its_login(
    tmp_path: Path, ensured: list[Path]
) -> None:
    with serving() as stranger:
        stranger.login = LOGIN
        written_by_up(tmp_path, stranger)
        state = json.loads((tmp_path / "background.json").read_text())
        state["server"]["started"] -= 100  # that process is gone, its number is this one's
        (tmp_path / "background.json").write_text(json.dumps(state))
        assert find({"SEEDBED_HOME": str(tmp_path)}, verbose=False) is None
    assert stranger.told == []


def test_a_stopped_database_of_the_server_that_up_started_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving({"/api/health": 200, "/api/flows/count": 503}, LOGIN) as small:
        started = {"/api/health": 200, "/api/flows/count": 200}
        monkeypatch.setattr(embedded, "ensure", lambda *_: setattr(small, "statuses", started))
        written_by_up(tmp_path, small)
        assert find({"SEEDBED_HOME": str(tmp_path)}, verbose=False) == Api(small.url, LOGIN)


def test_a_named_server_gets_the_login_that_the_environment_gives(
    tmp_path: Path, ensured: list[Path]
) -> None:
    with serving(login=LOGIN) as own, serving(login=OTHERS) as other:
        written_by_up(tmp_path, own)
        environ = {"SEEDBED_HOME": str(tmp_path), "PREFECT_API_URL": other.url}
        environ["PREFECT_API_AUTH_STRING"] = OTHERS
        assert find(environ, verbose=False) == Api(other.url, OTHERS)
    assert ensured == []
    assert own.told == []


def test_a_named_server_may_want_a_key(tmp_path: Path) -> None:
    with serving() as other:
        environ = {"SEEDBED_HOME": str(tmp_path), "PREFECT_API_URL": other.url}
        environ["PREFECT_API_KEY"] = "pnu_key"
        assert find(environ, verbose=False) == Api(other.url, key="pnu_key")
    assert other.told == ["Bearer pnu_key"]


def test_a_named_server_that_cannot_be_used_is_said_and_none_is_taken_in_its_place(
    tmp_path: Path, ensured: list[Path]
) -> None:
    with socket.socket() as nobody, serving(login=LOGIN) as own:
        nobody.bind(("127.0.0.1", 0))
        written_by_up(tmp_path, own)
        environ = {"SEEDBED_HOME": str(tmp_path), "PREFECT_API_AUTH_STRING": OTHERS}
        environ["PREFECT_API_URL"] = f"http://127.0.0.1:{nobody.getsockname()[1]}/api"
        with pytest.raises(NoServer, match=r"does not answer \(ConnectionRefusedError\); start it"):
            find(environ, verbose=False)
        with serving(login="somebody:else") as other:
            environ["PREFECT_API_URL"] = other.url
            with pytest.raises(
                LetsNobodyIn, match=r"refuses the login \(401\); set PREFECT_API_AU"
            ):
                find(environ, verbose=False)
        with serving({"/api/flows/count": 503}) as other:
            environ["PREFECT_API_URL"] = other.url
            with pytest.raises(NoServer, match="answers, but not as one that has its database"):
                find(environ, verbose=False)
    assert ensured == []


FIND = "import os; from seedbed.server.api import find; find(os.environ, verbose=False)"


@pytest.mark.parametrize(
    ("kept", "told"), [("", ""), ('PREFECT_API_KEY = "pnu_kept"', "Bearer pnu_kept")]
)
def test_a_named_server_is_told_what_the_profile_keeps_and_never_the_login_of_up(
    tmp_path: Path, kept: str, told: str
) -> None:
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(f'active = "mine"\n[profiles.mine]\n{kept}\n')
    with serving(login=LOGIN) as own, serving() as other:
        written_by_up(tmp_path, own)
        (tmp_path / "prefect.toml").write_text(f'[api]\nauth_string = "{LOGIN}"\n')
        environ = {"SEEDBED_HOME": str(tmp_path), "PREFECT_API_URL": other.url}
        environ |= {"PREFECT_PROFILES_PATH": str(profiles), "PYTHONPATH": str(ROOT)}
        environ["HOME"] = str(tmp_path)
        command = [sys.executable, "-c", FIND]
        subprocess.run(command, cwd=tmp_path, env=environ, check=True, timeout=60)
    assert other.told == [told]
    assert own.told == []


@pytest.mark.parametrize("url", ["127.0.0.1:4200", "ftp://h/api", "http://h:x/api", "http:///api"])
def test_an_address_that_is_none_is_named(url: str, tmp_path: Path) -> None:
    environ = {"SEEDBED_HOME": str(tmp_path), "PREFECT_API_URL": url}
    environ["PREFECT_API_AUTH_STRING"] = OTHERS
    with pytest.raises(BadSetting, match="PREFECT_API_URL is no http:// or https:// address"):
        find(environ, verbose=False)


def test_a_private_server_lets_in_nobody_but_this_process(tmp_path: Path) -> None:
    environ = {"SEEDBED_HOME": str(tmp_path), "PREFECT_API_AUTH_STRING": OTHERS}
    assert find(environ, verbose=False) is None
    assert environ["PREFECT_SERVER_API_AUTH_STRING"] == environ["PREFECT_API_AUTH_STRING"]
    assert environ["PREFECT_API_AUTH_STRING"] != OTHERS
    assert len(environ["PREFECT_API_AUTH_STRING"]) >= len("seedbed:") + 32
    assert environ["PREFECT_HOME"] == str(tmp_path / "prefect")


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

"""Server: which Prefect server records a run that is started from the command line.

The one that PREFECT_API_URL names, or none; without that variable the one that `seedbed up`
started, and where there is none a private one. Each is told its own login and nobody else's.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.client import CREATED, FORBIDDEN, OK, UNAUTHORIZED, HTTPConnection, HTTPException
from http.client import HTTPSConnection as Https
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seedbed.context.variables import KEY, LOGIN
from seedbed.declare.errors import BadSetting
from seedbed.postgres.connection.redact import register_secret
from seedbed.postgres.embedded import embedded
from seedbed.server import started as background
from seedbed.server.errors import LetsNobodyIn, NoServer

PATIENCE = 5.0
"""Seconds for an answer; a server on this machine takes milliseconds."""

QUIET = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
"""Nothing of a run goes anywhere but to its own server."""

URL = "PREFECT_API_URL"
SERVERS_LOGIN = "PREFECT_SERVER_API_AUTH_STRING"
"""What a server lets in; LOGIN is what a client says."""


@dataclass(frozen=True)
class Api:
    """A server's API, and what it is told so that it lets us in."""

    url: str
    login: str = field(default="", repr=False)
    """`user:password`, as PREFECT_API_AUTH_STRING."""
    key: str = field(default="", repr=False)
    """As PREFECT_API_KEY; used where there is no login."""

    def __post_init__(self) -> None:
        for one in (self.login, b64encode(self.login.encode()).decode(), self.key):
            register_secret(one)

    @property
    def settings(self) -> dict[str, str]:
        """Prefect's variables for a client; an empty one wins over what a file may say."""
        return {URL: self.url, LOGIN: self.login, KEY: self.key}

    def healthy(self) -> bool:
        """Whether a server answers there; it is not told the login, so anybody may be asked."""
        try:
            return self._request("GET", "health", None, {})[0] == OK
        except (OSError, HTTPException):
            return False

    def ask(self, path: str, question: Mapping[str, Any]) -> Any:
        """What the API answers to a question; None when it cannot answer it.

        Raises:
            LetsNobodyIn: it refuses the login.
            OSError, HTTPException: it does not answer.
        """
        if self.login:
            said = {"Authorization": f"Basic {b64encode(self.login.encode()).decode()}"}
        else:
            said = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        status, body = self._request("POST", path, question, said)
        if status in {UNAUTHORIZED, FORBIDDEN}:
            raise LetsNobodyIn(self.url, status)
        with suppress(ValueError):  # anything may listen there
            return json.loads(body) if status in {OK, CREATED} else None
        return None

    def ready(self) -> bool:
        """Whether it lets us in and has its database. Raises like `ask`."""
        return self.ask("flows/count", {}) is not None

    def _request(
        self, method: str, path: str, content: Mapping[str, Any] | None, said: Mapping[str, str]
    ) -> tuple[int, bytes]:
        # Importing even httpx takes a tenth of a second; this takes nothing, and asks no proxy.
        place = urlsplit(self.url)
        connect = Https if place.scheme == "https" else HTTPConnection
        connection = connect(place.hostname or "", place.port, timeout=PATIENCE)
        body = None if content is None else json.dumps(content)
        headers = {"Content-Type": "application/json", **said}
        try:
            connection.request(method, f"{place.path.rstrip('/')}/{path}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def started_by_up(home: Path) -> Api | None:
    """The server that `seedbed up` started, while it runs: it listens itself, nobody else can."""
    state = background.read(home)
    return Api(state.api, state.login) if state.server_runs() else None


def find(environ: MutableMapping[str, str], *, verbose: bool) -> Api | None:
    """The running server that records a run; None for a private one. Sets up Prefect's variables.

    Raises:
        NoServer, LetsNobodyIn: the one that PREFECT_API_URL names cannot be used.
        NotOurs: the home folder is not ours alone.
    """
    home = embedded.home_folder(environ)
    for name, value in QUIET.items():
        environ.setdefault(name, value)
    environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    if not verbose:
        environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    own = started_by_up(home)
    api = named(environ, own)
    if api is None and own is not None and _usable(own, home, environ):
        api = own
    environ.update(api.settings if api else _private(environ, home))
    return api


def named(environ: Mapping[str, str], own: Api | None) -> Api | None:
    """The server that PREFECT_API_URL names, after a look at it; None where it names none.

    Its login is the environment's, or that of the user's own Prefect profile.

    Raises:
        NoServer, LetsNobodyIn: it cannot be used.
        BadSetting: it is no address.
    """
    url = environ.get(URL, "").rstrip("/")
    if not url:
        return None
    _require_address(url)
    api = own if own and own.url == url else _told(environ, url, own)
    try:
        if not api.ready():
            raise NoServer(url, "answers, but not as one that has its database does")
    except (OSError, HTTPException) as error:
        raise NoServer(url, f"does not answer ({type(error).__name__})") from None
    return api


def _require_address(url: str) -> None:
    try:
        place = urlsplit(url)
        if place.scheme not in {"http", "https"} or not place.hostname or place.port == 0:
            raise ValueError
    except ValueError:
        raise BadSetting("environment", URL, "is no http:// or https:// address") from None


def _told(environ: Mapping[str, str], url: str, own: Api | None) -> Api:
    if environ.get(LOGIN) or environ.get(KEY):
        return Api(url, environ.get(LOGIN, ""), environ.get(KEY, ""))
    from prefect.settings import get_current_settings  # two seconds, which the run needs anyway

    kept = get_current_settings().api
    login = kept.auth_string.get_secret_value() if kept.auth_string else ""
    key = kept.key.get_secret_value() if kept.key else ""
    # The folder's prefect.toml has the login of our own server, which is nobody else's business.
    return Api(url, "" if own and login == own.login else login, key)


def _usable(own: Api, home: Path, environ: Mapping[str, str]) -> bool:
    """Whether the server of `up` can record a run; its database, when stopped, is started again."""
    try:
        if own.healthy() and not own.ready():
            embedded.ensure(home, environ)
        return own.ready()
    except (OSError, HTTPException):
        return False


def _private(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """The variables of a private server: its login is known to this process and those it starts."""
    folder = environ.get("PREFECT_HOME", str(home / "prefect"))
    embedded.made(Path(folder))
    return {"PREFECT_HOME": folder, URL: "", LOGIN: private_login(), SERVERS_LOGIN: private_login()}


@cache
def private_login() -> str:
    """One for all private servers of this process: Prefect starts one and keeps it."""
    login = new_login()
    register_secret(login)
    return login


def new_login() -> str:
    """A user and a password that nobody can guess, as Prefect takes them."""
    return f"seedbed:{secrets.token_urlsafe(24)}"

"""Where a database is: parsed by us, because libpq prints the password of a URL it rejects.

No error of this module repeats a part of the URL that may be secret, and an address is
written as "staging on db.example:5432", without user and password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv6Address
from pathlib import Path
from urllib.parse import unquote_to_bytes

from seedbed.declare.errors import BadSetting, UnknownName
from seedbed.engine.settings import DatabasePlace, Profile, in_variables

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
PARAMETERS = (
    "channel_binding",
    "connect_timeout",
    "gssencmode",
    "require_auth",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslrootcert",
)
"""What a URL may set: how to connect, never to which server, as whom or with which settings."""

OPTION = "SEEDBED_DATABASE_OPTION"
"""Holds what a command was told by --database: a dataset, a space, a URL. Nobody else sets it: a
command forgets what it finds there, and so does a worker."""

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
DEFAULT_PORT = 5432
MAX_TIMEOUT = 300
"""The same bound as `limits.connect` of a profile, in seconds."""


@dataclass(frozen=True)
class Address:
    """One database on one server; `host` is a name, an IP address or a socket's folder."""

    host: str
    port: int
    database: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.database} on {host}:{self.port}"

    def keywords(self) -> dict[str, str | int]:
        """Keywords for `psycopg.connect`.

        `hostaddr` and `options` are empty on purpose: it keeps the variables PGHOSTADDR and
        PGOPTIONS from redirecting a connection whose host the guard has checked.
        """
        known: dict[str, str | int | None] = {
            **self.options,
            "host": self.host,
            "hostaddr": "",
            "port": self.port,
            "dbname": self.database,
            "user": self.user,
            "password": self.password,
            "options": "",
        }
        return {name: value for name, value in known.items() if value is not None}


def parse(url: str, where: str) -> Address:
    """Read a URL; `where` is the variable or switch that holds it, for the errors.

    Raises:
        BadSetting: it is not a URL of one PostgreSQL database.
        UnknownName: it has a parameter that is not in `PARAMETERS`.
    """
    if not url:
        raise BadSetting(where, "the URL", "is empty; set it to postgresql://…, or unset it")
    if re.search(r"[\s\x00-\x1f\x7f]", url):
        raise _bad(where, "has a space or a line break; write a space as %20")
    if re.search(r"%(?![0-9A-Fa-f]{2})|%00", url):
        raise _bad(where, "has a % that two hex digits do not follow; write % as %25")
    scheme, found, rest = url.partition("://")
    if not found or scheme not in SCHEMES:
        raise _bad(where, "does not begin with postgresql://; only PostgreSQL is supported")
    login, _, place = rest.rpartition("@")
    if re.search(r"[@/?#]", login):
        problem = "has an @, /, ? or # inside its user or password"
        raise _bad(where, f"{problem}; write them as %40, %2F, %3F and %23")
    if "#" in place:
        raise _bad(where, "has a #; write it as %23")
    user, _, password = login.partition(":")
    target, _, query = place.partition("?")
    server, _, name = target.partition("/")
    host, port = _server(server, where)
    return Address(
        host=host,
        port=port,
        database=_database(name, where),
        user=_decode(user, where) or None,
        password=_decode(password, where) or None,
        options=_parameters(query, where),
    )


def choose(dataset: str, profile: Profile, environ: Mapping[str, str]) -> Address | None:
    """The database of a dataset; None means the embedded server.

    In order: `--database`, what the profile names, and only for profiles that name none
    `SEEDBED_<DATASET>_DATABASE_URL` and `SEEDBED_DATABASE_URL`.

    Raises:
        BadSetting: the URL or the profile's entry is wrong, or its variable is not set.
        UnknownName: the URL has an unknown parameter.
    """
    asked, _, url = environ.get(OPTION, "").partition(" ")
    if asked == dataset:
        return parse(url, "--database")
    if profile.database is not None:
        return _from_profile(dataset, profile.database, f"{profile.name}.toml", environ)
    for variable in generic(dataset):
        if variable in environ:
            return parse(environ[variable], variable)
    return None


def option(dataset: str, url: str) -> dict[str, str]:
    """The variable by which --database reaches a command's own run and the processes it starts.

    Raises:
        BadSetting, UnknownName: it is not a URL of one PostgreSQL database.
    """
    parse(url, "--database")
    return {OPTION: f"{dataset} {url}"}


def generic(dataset: str) -> tuple[str, str]:
    """The variables for profiles that name no database; the nearer one first."""
    return f"SEEDBED_{in_variables(dataset)}_DATABASE_URL", "SEEDBED_DATABASE_URL"


def passed_over(dataset: str, profile: Profile, environ: Mapping[str, str]) -> str:
    """A sentence where a generic variable is set and does not count; empty where none is."""
    if profile.database is None or environ.get(OPTION, "").partition(" ")[0] == dataset:
        return ""
    used = profile.database.variable_of(dataset)
    left = next((one for one in generic(dataset) if one != used and one in environ), None)
    if left is None:
        return ""
    place = f"the variable {used}" if used else f"the server {profile.database.host}"
    return (
        f"{left} is set and not used for {dataset}: {profile.name}.toml names {place}, and generic "
        "variables count only for profiles that name no database"
    )


def _from_profile(
    dataset: str, place: DatabasePlace, file: str, environ: Mapping[str, str]
) -> Address:
    named = place.variable_of(dataset)
    if named is None:
        return _from_server(dataset, place, file)
    if place.host is not None:
        raise BadSetting(file, "database", "has both variable and host; keep one of them")
    if named in environ:
        return parse(environ[named], named)
    problem = f"names the variable {named}, which is not set; set it to the URL"
    if left := next((one for one in generic(dataset) if one in environ), None):
        problem += f" ({left} counts only for profiles that name no database)"
    raise BadSetting(file, "database", problem)


def _from_server(dataset: str, place: DatabasePlace, file: str) -> Address:
    """The server that a profile names; libpq looks the password up in the passfile."""
    if place.host is None:
        raise BadSetting(file, "database", "has neither variable nor host; add one of them")
    name = place.database_of(dataset)
    if name is None:
        raise BadSetting(file, "database", "has a host but no database; add database = NAME")
    host = place.host if place.host.startswith("/") else place.host.lower()
    if not (host.startswith("/") or ":" in host or HOST_NAME.fullmatch(host)):
        raise BadSetting(file, "database.host", "is not the name or address of one host")
    passfile = {"passfile": str(Path(place.passfile).expanduser())} if place.passfile else {}
    return Address(host, place.port, name, user=place.user, options=passfile)


def _server(text: str, where: str) -> tuple[str, int]:
    """Host and port of "db.example:5432", "[::1]:5432" or "%2Frun%2Fpostgresql"."""
    if text.startswith("[") and "]" not in text:
        raise _bad(where, "has a [ without ]; write an IPv6 host as [::1]")
    if "," in text:
        raise _bad(where, "names several hosts; name the one to write to")
    match = re.fullmatch(r"(?P<host>\[[^\]]*\]|[^:\[]*)(?::(?P<port>.*))?", text)
    if match is None:
        raise _bad(where, "has text around the [ ] of its host; write [::1]:5432")
    port = match["port"]
    if port is not None and not (re.fullmatch("[0-9]{1,5}", port) and 1 <= int(port) <= 65535):
        raise _bad(where, "has a bad port; write a number from 1 to 65535, or none")
    return _host(match["host"], where), int(port or DEFAULT_PORT)


def _host(text: str, where: str) -> str:
    if not text:
        raise _bad(where, "has no host; write postgresql://USER:PASSWORD@HOST/DATABASE")
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except AddressValueError:
            raise _bad(where, "has a bad IPv6 host; write it as [::1]") from None
    host = _decode(text, where)
    if host.startswith("/"):
        return host
    if not HOST_NAME.fullmatch(host):
        raise _bad(where, "has a bad host; write letters, digits, - and _, parted by single dots")
    return host.lower()


def _database(text: str, where: str) -> str:
    if not text:
        raise _bad(where, "has no database; end it with /DATABASE")
    if "/" in text:
        raise _bad(where, "has a / inside its database's name; write it as %2F")
    name = _decode(text, where)
    if not name.isprintable():
        raise _bad(where, "has a control character in its database's name; remove it")
    return name


def _parameters(query: str, where: str) -> dict[str, str]:
    """The parameters after the ?, none twice."""
    found: dict[str, str] = {}
    for part in query.split("&") if query else []:
        name, equals, value = part.partition("=")
        if name == "options":
            raise _bad(where, "sets options, which can switch the guard's settings; remove it")
        if not equals or not value or not re.fullmatch("[a-z_]{1,40}", name) or name in found:
            raise _bad(where, "has a bad or repeated parameter; write ?name=value&name=value")
        if name not in PARAMETERS:
            raise UnknownName(f"URL parameter of {where}", name, PARAMETERS)
        found[name] = _decode(value, where)
    if found.get("sslmode", "prefer") not in SSL_MODES:
        raise _bad(where, f"has a bad sslmode; write one of {', '.join(SSL_MODES)}")
    timeout = found.get("connect_timeout", "1")
    if not (re.fullmatch("[0-9]{1,3}", timeout) and 1 <= int(timeout) <= MAX_TIMEOUT):
        raise _bad(where, f"has a bad connect_timeout; write 1 to {MAX_TIMEOUT} seconds")
    return found


def _decode(text: str, where: str) -> str:
    """Undo the percent-encoding."""
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        problem = "has percent-encoded bytes that are not UTF-8; encode them from UTF-8"
        raise _bad(where, problem) from None


def _bad(where: str, problem: str) -> BadSetting:
    return BadSetting(where, "the URL", problem)

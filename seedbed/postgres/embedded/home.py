"""Home: the folder of seedbed's state. It is ours alone, and nothing in it is reached by a link.

Whoever can write there can have us write into another file, start other programs, connect to
another server or end another process. So a folder of somebody else, or one that others can write
to, is refused before anything in it is read.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from seedbed.declare.errors import BadSetting
from seedbed.postgres.embedded.errors import NoAccess, NotOurs

UNUSABLE = (PermissionError, NotADirectoryError, FileExistsError, FileNotFoundError)
"""A path that cannot become a folder: not ours, below a file, a file, or on no file system."""

OTHERS = stat.S_IWGRP | stat.S_IWOTH

LINKS = 40
"""How many there may be on the way, as for the kernel."""

ROOT = 0
"""The user who can do everything anyway."""


def home_folder(environ: Mapping[str, str]) -> Path:
    """Where seedbed keeps its state: `SEEDBED_HOME`, else the user's (root's) state folder."""
    if given := environ.get("SEEDBED_HOME"):
        return Path(given).absolute()
    if os.geteuid() == ROOT:
        return Path("/var/lib/seedbed")  # /root is closed to the user that runs the server
    if (state := environ.get("XDG_STATE_HOME", "")).startswith("/"):
        return Path(state, "seedbed")
    if own := environ.get("HOME"):
        return Path(own, ".local/state/seedbed")
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir, ".local/state/seedbed")
    except KeyError:  # a container may run under a number that has no user
        raise BadSetting("environment", "HOME", "is missing; set SEEDBED_HOME") from None


def me() -> str:
    """The caller's name, or number where it has none."""
    return _name(os.geteuid())


def examine(folder: Path) -> Path:
    """The folder, in which nobody but us (and root) can put anything; it need not exist.

    Raises:
        NotOurs: it belongs to somebody else, or others can write to it or replace it.
        NoAccess: it cannot be looked at.
    """
    try:
        for one in _on_the_way(folder.absolute()):
            _examine(one, last=False)
        if folder.exists():
            _examine(folder.resolve(), last=True)
    except (OSError, ValueError):  # closed, below a file, links in a circle, too long, NUL in it
        raise NoAccess(folder, me()) from None
    return folder


def made(folder: Path) -> Path:
    """The folder, which is there afterwards, and in which nobody else can put anything.

    Raises:
        NoAccess: it cannot be.
        NotOurs: see `examine`.
    """
    if examine(folder).is_dir():
        return folder
    try:
        for one in reversed((folder, *folder.parents)):
            if not one.exists():
                one.mkdir(mode=0o755, exist_ok=True)  # also where the umask would let a group in
        folder.chmod(passable())
    except UNUSABLE:
        raise NoAccess(folder, me()) from None
    return examine(folder)


def passable() -> int:
    """The mode of a folder: root's is passed by the user that runs the server, and not listed."""
    return 0o711 if os.geteuid() == ROOT else 0o700


def within(home: Path, name: str) -> Path:
    """A folder of that name in the home folder; it need not exist. Raises like `examine`."""
    return examine(examine(home) / name)


def opened(path: Path, flags: int, mode: int = 0o600) -> int:
    """A descriptor of a file in a folder of ours.

    Raises:
        NotOurs: the path is a link, or no file.
        OSError: as `os.open`.
    """
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotOurs(path, "is a link") from None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotOurs(path, "is no file")
    return handle


def read(path: Path) -> str:
    """A file's text. Raises like `opened`."""
    with os.fdopen(opened(path, os.O_RDONLY), encoding="utf-8", errors="replace") as file:
        return file.read()


def written(path: Path, text: str) -> None:
    """Write a file that only we can read. Raises like `opened`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(opened(path, flags), "w", encoding="utf-8") as file:
        file.write(text)


def _on_the_way(folder: Path, links: int = LINKS) -> Iterator[Path]:
    """What leads to the folder: each link on the way, and what leads to where that leads."""
    if not links:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    for one in (*reversed(folder.parents), folder):
        yield one
        if one.is_symlink():
            leads = one.parent / one.readlink()
            yield from _on_the_way(leads / folder.relative_to(one), links - 1)
            return


def _examine(path: Path, *, last: bool) -> None:
    """Whether nobody else can replace what is below `path`, or (`last`) put anything there."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISLNK(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError
    if path.parent != path and status.st_uid not in {os.geteuid(), *([] if last else [ROOT])}:
        raise NotOurs(path, f"belongs to user {_name(status.st_uid)!r}")
    if stat.S_ISLNK(status.st_mode) or not status.st_mode & OTHERS:
        return
    sticky = status.st_mode & stat.S_ISVTX and not last  # /tmp: nobody replaces what is another's
    only_mine = not status.st_mode & stat.S_IWOTH and _is_private(status.st_gid)
    if not (sticky or only_mine):
        raise NotOurs(path, f"can be written to by others (mode {status.st_mode & 0o7777:04o})")


def _is_private(group: int) -> bool:
    """Whether the group is a user's own, as many systems make one for each with umask 002."""
    with suppress(KeyError):
        known = grp.getgrgid(group)
        return known.gr_name == me() and set(known.gr_mem) <= {me()}
    return False


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)

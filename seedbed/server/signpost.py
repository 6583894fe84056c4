"""Signpost: the file by which `prefect`, typed in the project's folder, finds the server of `up`.

Prefect reads `prefect.toml` in the folder where it is started; variables of the environment and a
`.env` win over it, and it wins over pyproject.toml and over the user's profile. It holds the
login, so only its owner can read it, git ignores it, and `down` takes it back. A file of that name
that somebody else wrote is left alone, and so is that of another `up` whose server still runs.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from seedbed.postgres.embedded import home as folders
from seedbed.postgres.embedded.errors import NoAccess, NotOurs
from seedbed.server import started as background
from seedbed.server.started import State

NAME = "prefect.toml"
FIRST = "# Written by `seedbed up`, taken back by `seedbed down`; not for git, it holds the login."
FROM = "# home: "


def put_up(folder: Path, home: Path, state: State) -> Path | None:
    """The file, which leads to the server afterwards; None where there may not be one."""
    place = folder / NAME
    address = [f"url = {json.dumps(state.api)}", f"auth_string = {json.dumps(state.login)}"]
    lines = [FIRST, f"{FROM}{home}", "[api]", *address]
    with suppress(OSError):
        if folder.stat().st_uid != os.geteuid() or not _free(place, home):
            return None
        # Beside it and renamed: whoever reads finds the old one or the new one, and no link is
        # followed.
        fresh = folder / f".{NAME}.{os.getpid()}"
        fresh.unlink(missing_ok=True)
        folders.written(fresh, "\n".join(lines) + "\n")
        fresh.replace(place)
        return place
    return None


def take_down(state: State) -> None:
    """Remove it, if it still leads to that server."""
    if state.told is not None and leads_to(state):
        state.told.unlink(missing_ok=True)


def leads_to(state: State) -> bool:
    """Whether the file that was written is still there and leads to that server."""
    return state.told is not None and json.dumps(state.login) in _text(state.told)


def _free(place: Path, home: Path) -> bool:
    """Whether nobody has a file there that is still of use."""
    if not os.path.lexists(place):
        return True
    first, _, rest = _text(place).partition("\n")
    if first != FIRST:
        return False
    other = Path(rest.partition("\n")[0].removeprefix(FROM))
    with suppress(NotOurs, NoAccess):
        return other == home or not background.read(other).server_runs()
    return True


def _text(place: Path) -> str:
    with suppress(OSError, NotOurs):
        return folders.read(place)
    return ""

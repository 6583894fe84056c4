"""Where the peers are installed, and what is missing.

    python -m tests.benchmarks.peers.installed       install what can be, name what cannot

They have an environment of their own below bench-results/, so that nothing of theirs comes
into the product's: a Python one from `peers.txt`, and Node's packages from `package-lock.json`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from seedbed.postgres.embedded import binaries
from tests.benchmarks.stand import RESULTS

HERE = Path(__file__).parent
HOME = (RESULTS / "peers").absolute()
PYTHON = HOME / "bin" / "python"
LOCK = HERE.with_name("peers.txt")
PACKAGES = ("package.json", "package-lock.json", ".npmrc")


class NotInstalled(Exception):
    """A peer cannot run here, and why."""


def python(package: str) -> str:
    """The interpreter that has the package."""
    if not PYTHON.exists():
        raise NotInstalled("no environment for the peers; run make peers")
    _asked([PYTHON, "-c", f"import {package}"])
    return str(PYTHON)


def node(package: str) -> str:
    """Node, where the package can be loaded."""
    program = shutil.which("node")
    if not program:
        raise NotInstalled("no node on this machine")
    if not (HOME / "node_modules" / package).is_dir():
        raise NotInstalled(f"no {package} in node_modules; run make peers")
    return program


def pgbench() -> str:
    """The embedded server's own, else the machine's."""
    beside = [place / "pgbench" for place in binaries.places(os.environ)]
    program = next((str(one) for one in beside if one.exists()), shutil.which("pgbench"))
    if not program:
        raise NotInstalled("no pgbench beside the server's programs or on the machine")
    _asked([program, "--version"])
    return program


def install() -> list[str]:
    """Bring both environments to their locks; the reasons for what did not work."""
    failed: list[str] = []
    stamp, wanted = HOME / "locks", _locks()
    if stamp.exists() and stamp.read_text() == wanted:
        return failed
    HOME.mkdir(parents=True, exist_ok=True)
    pip: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    ]
    steps: list[list[Sequence[str | Path]]] = [
        [[sys.executable, "-m", "venv", HOME], [*pip, "--require-hashes", "-r", LOCK]],
        [["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]],
    ]
    for name in PACKAGES:
        shutil.copyfile(HERE / name, HOME / name)
    for commands in steps:
        try:
            for command in commands:
                _asked(command, HOME)
        except NotInstalled as reason:
            failed.append(str(reason))
    if not failed:
        stamp.write_text(wanted)
    return failed


def _locks() -> str:
    """What is to be installed, and by which Python."""
    whole = hashlib.sha256(sys.version.encode())
    for file in (LOCK, HERE / "package-lock.json"):
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _asked(command: Sequence[str | Path], folder: Path | None = None) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotInstalled(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotInstalled(said[-1] if said else f"{command[0]} ended with {done.returncode}")


if __name__ == "__main__":
    for reason in install():
        print(f"not installed: {reason}")

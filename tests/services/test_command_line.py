"""Credentials: what is missing is said at once, and what is there is written down nowhere."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seedbed.cli.__main__ import main
from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.testing.worlds import OUTSIDE, World
from tests.services.mux_server import ASSETS
from tests.services.remote import remote
from tests.services.seaweed import Seaweed

ROOT = Path(__file__).parents[2]
CANARY = b"canary-"

NAMES = (
    "SUPABASE_URL",
    "SUPABASE_SERVICE_ROLE_KEY",
    "SEEDBED_S3_ENDPOINT",
    "SEEDBED_S3_KEY",
    "SEEDBED_S3_SECRET",
    "MUX_TOKEN_ID",
    "MUX_TOKEN_SECRET",
    "MUX_BASE_URL",
)


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes a profile with one remote service; no credential is set."""
    for name in (*NAMES, *OUTSIDE, "PREFECT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEEDBED_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setenv("SEEDBED_HOME", str(tmp_path / "home"))

    def write(port: str, adapter: str) -> None:
        lines = ['datasets = ["streaming"]', f"[services.{port}]", f'adapter = "{adapter}"']
        (tmp_path / "dev.toml").write_text("\n".join(lines))

    return write


MISSING = {
    ("auth", "supabase"): "SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY",
    ("storage", "supabase"): "SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY",
    ("storage", "s3"): "SEEDBED_S3_ENDPOINT and SEEDBED_S3_KEY and SEEDBED_S3_SECRET",
    ("video", "mux"): "MUX_TOKEN_ID and MUX_TOKEN_SECRET",
}


@pytest.mark.parametrize("service", MISSING)
@pytest.mark.parametrize("command", ["plan", "seed", "verify", "reset --confirm", "services"])
def test_missing_credentials_are_named_before_anything_is_started(
    profile: Callable[[str, str], None],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    command: str,
    service: tuple[str, str],
) -> None:
    (port, adapter), names = service, MISSING[service]
    profile(port, adapter)
    verb, *options = command.split()
    assert main([verb, "streaming", *options]) == 2
    assert capsys.readouterr().err == (
        f"seedbed: services.{port}.adapter is {adapter!r}, which needs {names} in the environment "
        "of the process; set them, or take the adapter 'local'\n"
    )
    assert not (tmp_path / "home").exists()


WRONG = [
    ("MUX_BASE_URL", "api.mux.com", "address like https://host, without a login in it"),
    ("MUX_BASE_URL", "https://canary:canary@host", "address like https://host, without a login"),
    ("MUX_BASE_URL", "http://[canary", "address like https://host, without a login in it"),
    ("MUX_TOKEN_SECRET", "canary\u00e9", "key: it holds characters that no key has"),
    ("MUX_TOKEN_ID", "canary\nx: y", "key: it holds characters that no key has"),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_credentials_that_cannot_be_meant_are_named_and_not_shown(
    profile: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wrong: tuple[str, str, str],
) -> None:
    name, value, said = wrong
    profile("video", "mux")
    for one in ("MUX_TOKEN_ID", "MUX_TOKEN_SECRET"):
        monkeypatch.setenv(one, "token\n")  # the end of a line is no part of it
    monkeypatch.setenv(name, value)
    assert main(["seed", "streaming"]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"seedbed: {name} in the environment of the process is no {said}")
    assert "canary" not in printed


def test_a_dataset_without_services_needs_no_credentials(
    profile: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    profile("auth", "supabase")
    assert main(["services", "commerce"]) == 0
    assert capsys.readouterr().out == ""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A home of a run, with its private Prefect server's database."""
    made = Path(tempfile.mkdtemp(prefix="seedbed-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_no_credential_is_written_down_whatever_refuses(
    fresh: Callable[[Dataset], World], seaweed: Seaweed, folder: Path
) -> None:
    """Everything of a real run is searched: output, report, logs, artifacts, parameters, states."""
    with remote(fresh(dataset("streaming")), **seaweed.variables) as there:
        there.video.after(100, f"POST {ASSETS}", "refused", 401)
        environ = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
        environ |= there.world.environ() | {"SEEDBED_HOME": str(folder), "TMPDIR": str(folder)}
        for set_by_other_tests in ("PREFECT_API_URL", "PREFECT_HOME"):
            environ.pop(set_by_other_tests, None)
        command = [sys.executable, "-m", "seedbed.cli", "seed", "streaming", "--json", "--verbose"]
        ended = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, check=False, timeout=240
        )
        printed = ended.stdout + ended.stderr
        assert ended.returncode == 1, printed.decode()
        assert b"it answered 401" in printed
        assert (len(there.video.assets), len(seaweed.listed())) == (100, 20)
        seaweed.empty()
        dumped = there.person.execute("SELECT r::text FROM seedbed.runs AS r").fetchall()
        written = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        databases = [path for path in written if path.name == "prefect.db"]
        assert databases
        with sqlite3.connect(databases[0]) as prefect:
            runs = prefect.execute("SELECT count(*) FROM flow_run").fetchone()[0]
            logs = prefect.execute("SELECT count(*) FROM log").fetchone()[0]
        prefect.close()
        assert (runs, logs > 0) == (1, True)
    # Each would be found.
    assert sum(value.encode().startswith(CANARY) for value in environ.values()) == 5
    assert CANARY not in printed
    assert CANARY not in repr(dumped).encode()
    assert [path for path, content in written.items() if CANARY in content] == []

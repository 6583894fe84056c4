"""The profile of a pipeline: one command from connecting to the proof, with its timings."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from seedbed.cli.__main__ import main
from seedbed.context.datasets import dataset
from seedbed.postgres.embedded import embedded
from tests.flows.conftest import ROOT, Running

STEPS = ["users", "shares", "metadata", "transcripts", "embeddings"]
AROUND = {"prepare", "clean", "digests", "counts", "checks", "drift", "TOTAL"}


@dataclass(frozen=True)
class Pipeline:
    """A database service, the profile `ci`, and the file that the pipeline reads."""

    url: str
    profiles: Path
    timings: Path

    def run(self, *more: str) -> int:
        """The pipeline's command."""
        return main(["seed", "transcripts", "--environment", "ci", *more])

    @property
    def told(self) -> Any:
        """What the run wrote down."""
        return json.loads(self.timings.read_text())

    def execute(self, statement: bytes) -> None:
        """As the application's owner."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture
def pipeline(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """An empty database with the application's schema."""
    server = embedded.ensure(running.home)
    embedded.create_database(server, "pipeline", dataset("transcripts").folder / "schema.sql")
    place = f"{server.user}:{server.password}@{server.host}:{server.port}"
    url = f"postgresql://{place}/pipeline"
    shutil.copytree(ROOT / "deployments" / "environments", tmp_path / "environments")
    for name in ("APP_ENV", "NODE_ENV", "SEEDBED_TRANSCRIPTS_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEEDBED_HOME", str(running.home))
    for name, value in running.named.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SEEDBED_DATABASE_URL", url)
    monkeypatch.setenv("SEEDBED_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setenv("SEEDBED_TIMINGS", str(tmp_path / "timings.json"))
    yield Pipeline(url, tmp_path / "environments", tmp_path / "timings.json")
    with psycopg.connect(f"postgresql://{place}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE pipeline WITH (FORCE)")


def test_one_command_cleans_seeds_verifies_and_tells_where_the_time_went(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pipeline.run() == 0
    pipeline.execute(b"UPDATE users SET name = 'Somebody' WHERE id::text ~ '-5eed-'")
    capsys.readouterr()
    assert pipeline.run() == 0
    printed = capsys.readouterr().out
    told = pipeline.told
    assert (told["verb"], told["environment"], told["done"]) == ("seed", "ci", True)
    [about] = told["datasets"]
    assert about["dataset"] == "transcripts"
    assert set(about["checks"].values()) == {0}
    assert len(about["checks"]) == 12
    names = [one["step"] for one in about["steps"]]
    assert names[:2] == ["prepare", "clean"]
    assert sorted(names[2:7]) == sorted(STEPS)
    assert set(names) == {*STEPS, *AROUND}
    shares = [one["share"] for one in about["steps"][:-1]]
    assert sum(shares) == pytest.approx(100, abs=1)
    assert about["steps"][-1]["share"] == 100
    assert "note rebuilt in one transaction" in printed
    assert "TOTAL" in printed


def test_json_holds_the_timings_too(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline.run("--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["timings"] == pipeline.told["datasets"][0]["steps"]


def test_a_database_that_is_down_fails_it(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    monkeypatch.setenv("SEEDBED_DATABASE_URL", f"postgresql://u:p@127.0.0.1:{closed}/pipeline")
    assert pipeline.run() == 1
    assert pipeline.told["done"] is False
    assert "the server does not accept connections there" in pipeline.told["message"]


def test_a_table_that_is_missing_fails_it(pipeline: Pipeline) -> None:
    pipeline.execute(b"ALTER TABLE embeddings RENAME TO put_away")
    assert pipeline.run() == 1
    assert "table embeddings does not exist" in pipeline.told["message"]
    assert pipeline.told["done"] is False


def test_a_violated_check_fails_it_and_is_in_the_file(pipeline: Pipeline) -> None:
    pipeline.execute(b"""
        CREATE FUNCTION rename() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.platform := ''myspace''; RETURN NEW; END';
        CREATE TRIGGER renames BEFORE INSERT ON shares FOR EACH ROW EXECUTE FUNCTION rename();
    """)
    assert pipeline.run() == 1
    told = pipeline.told
    assert told["done"] is False
    assert told["datasets"][0]["checks"]["metadata_names_the_share_s_platform"] == 2
    assert "check metadata_names_the_share_s_platform has 2 violations" in told["message"]


def test_a_queue_that_is_down_fails_it_after_the_profiles_retries(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (pipeline.profiles / "ci.toml").open("a") as profile:
        profile.write('\n[services.embeddings]\nmode = "queue"\n')
    assert pipeline.run() == 2
    assert "SEEDBED_REDIS_URL is not set" in pipeline.told["message"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    monkeypatch.setenv("SEEDBED_REDIS_URL", f"redis://127.0.0.1:{closed}/0")
    assert pipeline.run() == 1
    assert "queue: could not LRANGE embedding:jobs: ConnectionError" in pipeline.told["message"]


def test_a_file_that_cannot_be_written_fails_it(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDBED_TIMINGS", str(pipeline.profiles))
    assert pipeline.run() == 2


def test_only_some_entities_are_neither_cleaned_nor_proved(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pipeline.run("--only", "transcripts") == 3
    assert pipeline.told["message"] == (
        "transcripts: upstream rows are missing: shares (2 rows); seed them first, or add "
        "--with-upstream"
    )
    assert pipeline.run("--only", "users") == 0
    capsys.readouterr()
    assert pipeline.run("--only", "embeddings", "--with-upstream", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    added = {one["name"]: one["added"] for one in document["entities"]}
    assert added == {"users": 0, "shares": 2, "transcripts": 2, "embeddings": 2}
    assert pipeline.run("--only", "metadata") == 0

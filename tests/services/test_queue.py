"""The queue against a real Redis, with the application's worker played by another client."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seedbed.cli.__main__ import main
from seedbed.context.datasets import dataset
from seedbed.declare.errors import BadSetting
from seedbed.postgres.connection.address import Address
from seedbed.run.counted import checked, complete, counts, drifted
from seedbed.run.remove import remove
from seedbed.services.errors import ServiceAway, ServiceFailed
from seedbed.steps.queue import await_worker
from seedbed.testing.cluster import eventually
from seedbed.testing.laws.lasting import CHILDREN
from seedbed.testing.worlds import World, fill_all
from tests.services.conftest import Server, by_queue, free_port
from tests.services.worker import Worker

LIST = "embedding:jobs"
SHARE = "00000000-5eed-0002-0001-00000000000{}"
TRANSCRIPT = "00000000-5eed-0002-0003-00000000000{}"


def jobs(queue: Any) -> list[dict[str, Any]]:
    return [json.loads(one) for one in queue.lrange(LIST, 0, -1)]


def test_a_job_is_in_the_applications_own_json(queued: World, queue: Any) -> None:
    before = int(time.time() * 1000)
    reports = queued.seed()
    first, second = jobs(queue)
    assert before <= first.pop("timestamp") <= int(time.time() * 1000)
    assert first == {
        "id": f"embed_job_{SHARE.format(1)}",
        "data": {
            "share_id": SHARE.format(1),
            "transcript_id": TRANSCRIPT.format(1),
            "priority": "high",
            "source": "seed",
        },
    }
    assert second["data"]["share_id"] == SHARE.format(2)
    report = reports["embeddings"]
    assert (report.target, report.present, report.added) == (2, 0, 0)
    assert (report.queued, report.awaited, report.missing) == (2, 2, 2)
    assert str(report).startswith("+2 jobs, 2 of 2 rows wait for the application's worker, ")


def test_a_second_run_pushes_nothing_twice(queued: World, queue: Any) -> None:
    queued.seed(scale=5)
    first = queue.lrange(LIST, 0, -1)
    again = queued.seed(scale=5)["embeddings"]
    assert queue.lrange(LIST, 0, -1) == first
    assert (len(first), again.queued, again.awaited) == (10, 0, 10)


def test_a_larger_scale_pushes_only_what_is_new(queued: World, queue: Any) -> None:
    queued.seed(scale=3)
    assert queued.seed(scale=5)["embeddings"].queued == 4
    ids = [one["id"] for one in jobs(queue)]
    assert len(ids) == len(set(ids)) == 10


def test_jobs_of_others_and_what_is_no_job_are_left_alone(queued: World, queue: Any) -> None:
    strange = [
        "no json",
        "[]",
        "{}",
        '{"data": {"share_id": 5}}',
        '{"id": "embed_job_x", "data": {"share_id": "x"}}',
        json.dumps({"data": {"share_id": "11111111-2222-4333-8444-555555555555"}}),
    ]
    queue.rpush(LIST, *strange)
    assert queued.seed()["embeddings"].queued == 2
    assert queue.lrange(LIST, 0, 5) == strange
    assert queue.llen(LIST) == 8


def test_a_row_that_is_there_gets_no_job(queued: World, queue: Any) -> None:
    with (
        queued.superuser() as person,
        Worker(queue.connection_pool.connection_kwargs["port"], person),
    ):
        queued.seed()
        assert eventually(lambda: embedded(queued) == 2)
    report = queued.seed()["embeddings"]
    assert (report.present, report.queued, report.awaited) == (2, 0, 0)
    assert queue.llen(LIST) == 0


def embedded(world: World) -> int:
    with world.superuser() as person:
        [(rows,)] = person.execute("SELECT count(*) FROM embeddings").fetchall()
    return int(rows)


def test_verify_waits_for_the_worker_and_then_has_no_violation(
    queued: World, queue: Any, redis_server: Server
) -> None:
    by_queue(queued, timeout=30)
    queued.seed(scale=10)
    with (
        queued.superuser() as person,
        Worker(redis_server.port, person) as worker,
        queued.opened("verify") as work,
    ):
        waited = await_worker(work)
        assert [one.name for one in checked(work) if not one.passed] == []
        assert complete(counts(work, work.dataset.steps)).passed
        assert drifted(work) == ()
    assert str(waited) == "the application's worker has written all 20 rows"
    assert waited.seconds < 30
    assert len(worker.done) == 20


def test_verify_without_a_worker_says_how_many_are_missing(queued: World) -> None:
    by_queue(queued, timeout=0.3)
    queued.seed()
    with queued.opened("verify") as work:
        waited = await_worker(work)
        lacking = complete(counts(work, work.dataset.steps))
        violated = {one.name: one.violations for one in checked(work) if not one.passed}
    assert 0.3 <= waited.seconds < 3
    assert (waited.missing, waited.target, lacking.violations) == (2, 2, 2)
    assert "2 of 2 rows are missing after 0 s: the application's worker" in str(waited)
    assert violated == {
        "users_shares_metadata_transcripts_and_embeddings_are_as_many_as_the_scale_says": 1,
        "every_transcribed_share_has_one_embedding": 2,
    }


def test_what_the_worker_wrote_goes_with_a_reset(queued: World, redis_server: Server) -> None:
    queued.seed()
    with queued.superuser() as person, Worker(redis_server.port, person):
        assert eventually(lambda: embedded(queued) == 2)
    with queued.opened("reset") as work:
        gone = remove(work, strict=True)
    assert (gone.tables["embeddings"], gone.kept, gone.pins) == (2, 0, ())
    assert embedded(queued) == 0


def slowly() -> Any:
    """Progress that gives the test time to kill the run between two pushes."""
    return lambda sent: time.sleep(0.02)


def seed_slowly(address: Address, profiles: Path, variables: dict[str, str]) -> None:
    """What a child process runs; it is killed in the middle."""
    world = World(dataset("transcripts"), address, address, profiles, variables)
    with world.opened(scale=50) as work:
        fill_all(work, progress=slowly)


@pytest.mark.parametrize("least", [1, 40])
def test_killed_in_the_middle_the_next_run_pushes_the_rest_and_nothing_twice(
    queued: World, queue: Any, least: int
) -> None:
    by_queue(queued, chunk_rows=4, limits={"busy": 60})
    child = CHILDREN.Process(
        target=seed_slowly, args=(queued.address, queued.profiles, dict(queued.variables))
    )
    child.start()
    assert eventually(lambda: queue.llen(LIST) >= least, 60)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    pushed = queue.llen(LIST)
    assert least <= pushed < 100
    report = queued.seed(scale=50)["embeddings"]
    ids = [one["id"] for one in jobs(queue)]
    assert (report.queued, len(ids), len(set(ids))) == (100 - pushed, 100, 100)


# -- what goes wrong ----------------------------------------------------------------------------


def test_a_queue_that_is_down_fails_the_step_and_names_the_address_without_its_password(
    queued: World,
) -> None:
    url = f"redis://:Kanarienvogel@127.0.0.1:{(port := free_port())}/0"
    down = replace(queued, variables={"SEEDBED_REDIS_URL": url})
    with pytest.raises(ServiceAway, match=f"on the way to 127.0.0.1:{port}; start it") as caught:
        down.seed()
    assert caught.value.passes
    assert "queue: could not LRANGE embedding:jobs: ConnectionError on the way" in str(caught.value)
    assert "Kanarienvogel" not in str(caught.value)
    with queued.superuser() as person:
        [(transcripts,)] = person.execute("SELECT count(*) FROM transcripts").fetchall()
    assert transcripts == 2


def test_a_list_that_is_none_is_a_sentence(queued: World, queue: Any) -> None:
    queue.set(LIST, "something else")
    with pytest.raises(ServiceFailed, match=r"LRANGE embedding:jobs: .* refuses it \(WRONGTYPE\)"):
        queued.seed()


def test_a_login_that_is_refused_is_no_error_that_passes(queued: World, queue: Any) -> None:
    queue.config_set("requirepass", "right")
    try:
        url = queued.variables["SEEDBED_REDIS_URL"].replace("redis://", "redis://:wrong@")
        with pytest.raises(
            ServiceFailed, match="refuses the login; see SEEDBED_REDIS_URL"
        ) as caught:
            replace(queued, variables={"SEEDBED_REDIS_URL": url}).seed()
        assert not caught.value.passes
    finally:
        queue.config_set("requirepass", "")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "is not set, and services.embeddings.mode is 'queue'; set it, or use inline"),
        ("http://localhost", "is no address like redis://host:6379/0"),
        ("redis://:Kanarienvogel@host:x/0", "is no address like redis://host:6379/0"),
        ("redis://", "is no address like redis://host:6379/0"),
    ],
)
def test_without_an_address_nothing_is_written(queued: World, url: str | None, said: str) -> None:
    variables = {} if url is None else {"SEEDBED_REDIS_URL": url}
    with pytest.raises(BadSetting) as caught:
        replace(queued, variables=variables).seed()
    assert str(caught.value) == f"environment: SEEDBED_REDIS_URL {said}"
    assert caught.value.exit_code == 2
    with queued.superuser() as person:
        assert person.execute("SELECT FROM users").rowcount == 0


def test_a_run_that_only_looks_needs_no_queue(queued: World) -> None:
    queued.seed()
    with replace(queued, variables={}).opened("verify") as work:
        assert await_worker(work).missing == 2


def test_the_services_command_counts_the_waiting_jobs(
    redis_server: Server,
    queue: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = ['datasets = ["transcripts"]', "[services.embeddings]", 'mode = "queue"']
    (tmp_path / "dev.toml").write_text("\n".join(lines))
    monkeypatch.setenv("SEEDBED_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setenv("SEEDBED_REDIS_URL", redis_server.url)
    queue.rpush(LIST, "{}", "{}")
    assert main(["services"]) == 0
    host = f"Redis list embedding:jobs at 127.0.0.1:{redis_server.port}"
    said = f"{host}, for the application's own worker; 2 jobs are waiting\n"
    assert capsys.readouterr().out == f"passed  transcripts  embeddings: {said}"
    monkeypatch.setenv("SEEDBED_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    assert main(["services"]) == 1
    assert capsys.readouterr().out.startswith("FAILED  transcripts  embeddings: ")

"""Files in a bucket of a real S3 server, which is also killed in the middle of a run."""

from __future__ import annotations

import re
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import obstore
import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.engine.report import StepReport
from seedbed.services import files
from seedbed.services.errors import ServiceFailed
from seedbed.services.files import Bucket, Folder
from seedbed.services.port import Held, Store
from seedbed.steps.kinds import perform
from seedbed.testing.worlds import World, silent
from tests.services.seaweed import BUCKET, KEY, SECRET, Seaweed

PREFIX = "00000000-5eed-0001-0001-"
NAME = f"{PREFIX}000000000001/mock-a-thumbnail.png"
SPEC = {"content": b"\x89PNG", "content_type": "image/png"}


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Both kinds of files do the same."""
    if request.param == "folder":
        return Folder(tmp_path)
    return adapter(request.getfixturevalue("seaweed"))


def adapter(seaweed: Seaweed, key: str = KEY, secret: str = SECRET) -> Bucket:
    return Bucket(seaweed.url, key, secret, "auto")


def test_files_are_put_listed_and_removed(storage: Store) -> None:
    for _ in range(2):
        storage.create(BUCKET, NAME, SPEC)
    storage.create(BUCKET, "3f/other.png", SPEC)
    assert storage.held(BUCKET, PREFIX) == {NAME: Held(NAME, NAME)}
    assert set(storage.held(BUCKET, "")) == {NAME, "3f/other.png"}
    for _ in range(2):  # gone already is gone
        storage.remove(BUCKET, [Held(NAME, NAME), Held("none", "none")])
    assert storage.held(BUCKET, PREFIX) == {}
    storage.remove(BUCKET, [Held("3f/other.png", "")])
    assert storage.held(BUCKET, "") == {}


def test_the_kind_of_content_is_kept(seaweed: Seaweed) -> None:
    storage = adapter(seaweed)
    storage.create(BUCKET, NAME, SPEC)
    got = obstore.get(seaweed.store(), NAME)
    assert bytes(got.bytes()) == SPEC["content"]
    assert got.attributes["Content-Type"] == "image/png"
    storage.remove(BUCKET, [Held(NAME, NAME)])
    assert storage.check(BUCKET) == f"bucket {BUCKET!r} can be listed"
    assert storage.kind == "S3 at 127.0.0.1"


def test_ours_are_found_among_thousands_of_others(seaweed: Seaweed) -> None:
    store = seaweed.store()
    others = [
        f"{folder}/{number}.png" for folder in ("00000000-4", "3f", "zz") for number in range(700)
    ]
    others += [f"{PREFIX[:-1]}.png", f"{PREFIX[:-1]}/x.png", f"{PREFIX[:-2]}0-7/x.png", "0"]
    ours = [f"{PREFIX}{number:012}/mock-a-thumbnail.png" for number in range(1, 6)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: obstore.put(store, key, b""), [*others, *ours]))
    storage = adapter(seaweed)
    try:
        assert set(storage.held(BUCKET, PREFIX)) == set(ours)
        assert list(storage.held(BUCKET, ours[2])) == [ours[2]]
    finally:
        storage.remove(BUCKET, [Held(key, key) for key in [*others, *ours]])
    assert seaweed.listed() == set()


def test_a_listing_ends_behind_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(store: object, *, offset: str) -> Iterator[list[dict[str, str]]]:
        assert offset < PREFIX
        yield [{"path": f"{PREFIX[:-1]},~.png"}, {"path": NAME}]
        yield [{"path": f"{PREFIX[:-1]}.png"}]
        raise AssertionError("read on")

    monkeypatch.setattr(obstore, "list", listed)
    storage = Bucket("http://127.0.0.1:9", KEY, SECRET, "auto")
    assert list(storage.held(BUCKET, PREFIX)) == [NAME]


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [("canary-wrong", SECRET, "InvalidAccessKeyId"), (KEY, "canary-w", "SignatureDoesNotMatch")],
)
def test_a_wrong_key_is_refused_without_being_shown(
    seaweed: Seaweed, key: str, secret: str, code: str
) -> None:
    wrong = adapter(seaweed, key, secret)
    for action in (
        lambda: wrong.check(BUCKET),
        lambda: wrong.held(BUCKET, PREFIX),
        lambda: wrong.create(BUCKET, NAME, SPEC),
        lambda: wrong.remove(BUCKET, [Held(NAME, NAME)]),
    ):
        with pytest.raises(ServiceFailed, match=f"it answered {code}$") as caught:
            action()
        assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_a_bucket_that_is_not_there_is_named(seaweed: Seaweed) -> None:
    with pytest.raises(ServiceFailed) as caught:
        adapter(seaweed).held("nowhere", PREFIX)
    assert str(caught.value) == "storage: could not list bucket 'nowhere': it answered NoSuchBucket"


def test_a_folder_that_cannot_be_written_to_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / BUCKET).mkdir()
    (tmp_path / BUCKET / "a").write_text("a file where a folder should be")
    with pytest.raises(ServiceFailed) as caught:
        Folder(tmp_path).create(BUCKET, "a/b.png", SPEC)
    assert str(caught.value) == (
        "storage: could not put 'a/b.png': the folder cannot be written to"
    )


# -- the thumbnails of streaming --------------------------------------------------------------


@pytest.fixture
def world(seaweed: Seaweed, fresh: Callable[[Dataset], World]) -> Iterator[World]:
    made = fresh(dataset("streaming"))
    made.profile(services={"storage": {"adapter": "s3"}})
    yield replace(made, variables=seaweed.variables)
    seaweed.wait()
    seaweed.empty()


def draw(world: World, progress: Callable[[int], None] = silent) -> StepReport:
    """The thumbnails and nothing else."""
    with world.opened() as work:
        (step,) = [one for one in work.dataset.later if one.name == "thumbnails"]
        return perform(work, step, progress)


def test_a_second_run_uploads_nothing(world: World, seaweed: Seaweed) -> None:
    report = draw(world)
    assert (report.target, report.present, report.added) == (20, 0, 20)
    store = seaweed.store()
    first = {key: obstore.head(store, key)["last_modified"] for key in seaweed.listed()}
    assert len(first) == 20
    report = draw(world)
    assert (report.target, report.present, report.added) == (20, 20, 0)
    assert {key: obstore.head(store, key)["last_modified"] for key in seaweed.listed()} == first
    obstore.delete(store, min(first))
    report = draw(world)
    assert (report.present, report.added) == (19, 1)


def test_a_server_that_is_killed_and_started_anew_loses_nothing(
    world: World, seaweed: Seaweed
) -> None:
    done = 0

    def kill(one: int) -> None:
        nonlocal done
        done += one
        if done == 8:
            seaweed.kill()
            threading.Timer(0.5, seaweed.start).start()

    report = draw(world, kill)  # it waits until the server is back
    assert (report.target, report.added, done) == (20, 20, 20)
    assert len(seaweed.listed()) == 20
    assert draw(world).added == 0


def test_a_server_that_stays_away_is_named_and_the_next_run_goes_on(
    world: World, seaweed: Seaweed, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched: Any = files.RETRY
    monkeypatch.setitem(patched, "max_retries", 1)
    done = 0

    def kill(one: int) -> None:
        nonlocal done
        done += one
        if done == 8:
            seaweed.kill()

    with pytest.raises(ServiceFailed) as caught:
        draw(world, kill)
    assert re.fullmatch(
        "storage: could not put '00000000-5eed-0001-0001-[0-9]{12}/mock-[a-z-]+-thumbnail.png': "
        "it gives no answer",
        str(caught.value),
    )
    seaweed.start()
    seaweed.wait()
    report = draw(world)
    assert (report.present, report.added) == (8, 12)
    assert len(seaweed.listed()) == 20

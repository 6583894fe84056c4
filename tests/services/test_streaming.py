"""The whole of streaming, with accounts, files and videos at servers."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path

import obstore
import psycopg
import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.postgres.connection.address import Address
from seedbed.postgres.errors import Fenced
from seedbed.run.counted import drifted
from seedbed.run.errors import OutsideLeft
from seedbed.run.remove import preview, remove
from seedbed.testing.contents import others, versions
from seedbed.testing.worlds import World
from tests.services import auth_server, mux_server
from tests.services.emulator import Asked, Emulator, How, Watch
from tests.services.remote import Remote, remote
from tests.services.seaweed import Seaweed

EPISODE = "00000000-5eed-0002-0003-000000000001"
OTHER_EPISODE = "00000000-5eed-0002-0003-000000000071"
SEASON = "00000000-5eed-0002-0002-000000000001"
SERIES = "00000000-5eed-0002-0001-000000000001"
CREATOR = "00000000-5eed-0001-0001-000000000001"
ASSETS = mux_server.ASSETS
WHY = "download_failed: The file could not be downloaded."

ONCE = {"accounts": 72, "files": 20, "assets": 208, "removed": 0}


@pytest.fixture
def there(fresh: Callable[[Dataset], World]) -> Iterator[Remote]:
    with remote(fresh(dataset("streaming"))) as made:
        yield made


def one(there: Remote, query: str) -> object:
    return there.person.execute(query.encode()).fetchall()[0][0]


def test_a_second_run_makes_nothing_and_touches_nothing(there: Remote) -> None:
    reports = there.seed()
    assert [report.name for report in reports.values() if report.missing] == []
    assert there.written() == ONCE
    assert there.violated() == {}
    with there.world.opened("verify") as work:
        assert drifted(work) == ()
    before = versions(there.person)
    again = there.seed()
    assert [report.name for report in again.values() if report.wrote or report.missing] == []
    assert versions(there.person) == before  # so no trigger fired
    assert there.written() == ONCE


def test_a_reset_goes_from_the_assets_to_the_accounts(there: Remote) -> None:
    there.seed()
    order: list[tuple[str, object]] = []
    for port, server in there.servers.items():

        def watch(asked: Asked, port: str = port) -> None:
            if asked.method == "DELETE":
                order.append((port, one(there, "SELECT count(*) FROM series")))

        server.watch = watch
    there.video.put("theirs")
    there.storage.put("thumbnails", f"{CREATOR}/holiday.png")
    before = others(there.person, there.world.dataset)
    with there.world.opened("reset") as work:
        would = preview(work)
        assert order == []
        gone = remove(work, strict=False)
    # The rows first; 20 files go in one request.
    assert order == [("auth", 0)] * 72 + [("video", 0)] * 208 + [("storage", 0)]
    assert (gone.tables, gone.objects) == (would.tables, would.objects)
    assert gone.objects == {"video": 208, "storage:thumbnails": 20}
    assert others(there.person, there.world.dataset) == before
    assert len(there.video.assets) == 1
    assert list(there.storage.buckets["thumbnails"]) == [f"{CREATOR}/holiday.png"]
    with there.world.opened("reset") as work:
        gone = remove(work, strict=False)
    assert (gone.rows, sum(gone.objects.values())) == (0, 0)
    assert there.seed()["videos"].added == 208
    assert there.violated() == {}


def test_files_in_a_bucket_of_a_real_s3_server(
    fresh: Callable[[Dataset], World], seaweed: Seaweed
) -> None:
    obstore.put(seaweed.store(), f"{CREATOR}/holiday.png", b"")
    with remote(fresh(dataset("streaming")), **seaweed.variables) as there:
        there.seed()
        assert there.written() == ONCE | {"files": 0}
        assert len(seaweed.listed()) == 21
        assert there.violated() == {}
        with there.world.opened("reset") as work:
            remove(work, strict=False)
        assert seaweed.listed() == {f"{CREATOR}/holiday.png"}
        obstore.delete(seaweed.store(), f"{CREATOR}/holiday.png")


# -- assets that fail or never get ready ------------------------------------------------------


def test_an_errored_asset_is_named_and_made_anew_by_the_next_run(there: Remote) -> None:
    there.video.broken |= {EPISODE, OTHER_EPISODE}
    reports = there.seed()
    assert reports["videos_ready"].missing == 2
    empty = "SELECT count(*) FROM episodes WHERE mux_asset_id IS NULL AND mux_playback_id IS NULL"
    assert one(there, empty) == 2
    assert there.violated() == {
        "every_declared_row_is_present": "has 4 violations, such as videos, videos_ready",
        "every_published_episode_has_a_video": f"has 2 violations, such as {EPISODE}",
        "every_row_of_episodes_has_its_video": f"has 2 violations, such as {EPISODE} ({WHY}), "
        f"{OTHER_EPISODE} ({WHY})",
    }
    there.video.broken.clear()
    reports = there.seed()
    assert (reports["videos"].added, reports["videos"].removed) == (2, 2)
    assert there.written() == ONCE | {"assets": 210, "removed": 2}
    assert one(there, empty) == 0  # in the same run
    assert there.violated() == {}
    assert len(there.video.assets) == 208


def test_an_asset_that_is_never_ready_ends_the_wait_and_is_not_doubled(there: Remote) -> None:
    there.video.stuck.add(EPISODE)
    for _ in range(2):
        started = time.monotonic()
        reports = there.seed()
        assert reports["videos_ready"].missing == 1
        assert there.violated() == {
            "every_declared_row_is_present": "has 1 violations, such as videos_ready",
            "every_published_episode_has_a_video": f"has 1 violations, such as {EPISODE}",
        }
        assert there.written() == ONCE
    assert time.monotonic() - started < 10
    there.video.stuck.clear()
    assert there.seed()["episodes_playable"].updated == 1
    assert there.violated() == {}
    assert there.written() == ONCE


def test_a_reset_waits_for_assets_and_names_those_that_cannot_go(there: Remote) -> None:
    there.video.stuck.add(EPISODE)
    there.seed()
    with there.world.opened("reset") as work, pytest.raises(OutsideLeft) as caught:
        remove(work, strict=False)
    assert str(caught.value) == (
        "streaming: 969 rows were removed, and then what services hold of them was not: "
        f"video: could not delete the asset of {EPISODE}: it is still being prepared; try again "
        "later. The next reset goes on there"
    )
    assert one(there, "SELECT count(*) FROM series") == 0
    there.video.stuck.clear()
    there.video.looks = 0
    with there.world.opened("reset") as work:
        remove(work, strict=False)
    assert there.video.assets == {}


def test_a_reset_that_is_refused_has_touched_no_service(there: Remote) -> None:
    there.seed()
    there.person.execute(
        """CREATE TABLE gone (slug text);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO gone VALUES (old.slug); RETURN NULL; END $$;
        CREATE TRIGGER note AFTER DELETE ON series FOR EACH ROW EXECUTE FUNCTION note()"""
    )
    before = versions(there.person)
    with there.world.opened("reset") as work, pytest.raises(Fenced, match=r"public\.gone: 0 del"):
        remove(work, strict=False)
    assert versions(there.person) == before
    assert there.written() == ONCE


def test_a_purchase_that_is_still_under_way_keeps_what_it_needs(there: Remote) -> None:
    there.seed()
    with psycopg.connect(there.person.info.dsn, password=there.person.info.password) as buyer:
        buyer.execute(
            f"""INSERT INTO auth.users (id, email) VALUES ('{MOCKINGBIRD}', 'real@town.example');
            INSERT INTO purchases (user_id, season_id, creator_id, stripe_session_id,
                amount_cents, platform_fee_cents, creator_share_cents)
            SELECT '{MOCKINGBIRD}', n.id, s.creator_id, 'cs_real', 399, 80, 319 FROM seasons n
            JOIN series s ON s.id = n.series_id WHERE s.slug = 'mock-bridge-crew'""".encode()
        )
        timer = threading.Timer(1.0, buyer.commit)
        timer.start()
        with there.world.opened("reset") as work:
            gone = remove(work, strict=False)
        timer.join()
    assert [row[0] for row in there.person.execute("SELECT slug FROM series")] == [
        "mock-bridge-crew"
    ]
    below = [one.split(" that stay")[0] for one in gone.below]
    assert "3 of community_posts go, whose series_id names rows of series" in below
    assert not [one for one in below if "episodes" in one or "seasons" in one]
    assert [path.rsplit("/", 1)[1] for path in there.storage.buckets["thumbnails"]] == [
        "mock-bridge-crew-thumbnail.png"
    ]
    assert one(there, "SELECT count(*) FROM episodes") == 8 == len(there.video.assets)


# -- what goes wrong on the way ---------------------------------------------------------------


def test_an_asset_that_was_not_noted_down_is_found_again(there: Remote) -> None:
    there.seed()
    there.person.execute("UPDATE episodes SET mux_asset_id = NULL, mux_playback_id = NULL")
    reports = there.seed()
    assert reports["episodes_playable"].updated == 208
    assert there.written() == ONCE
    assert there.violated() == {}


def test_trouble_of_every_kind_is_outlasted_and_nothing_is_doubled(there: Remote) -> None:
    draw = random.Random(7)
    kinds: tuple[How, ...] = ("dropped", "lost", "cut", "half", "failed", "refused")
    for server in there.servers.values():
        for request in ("POST .*", "GET .*"):
            for how in kinds:
                server.after(draw.randrange(8), request, how, 503)
            server.after(draw.randrange(8), request, "refused", 429)
    there.seed()
    happened = [fault for one in there.servers.values() for fault in one.faults if not fault.times]
    assert len(happened) >= 30
    assert there.violated() == {}
    assert one(there, "SELECT count(*) FROM auth.users") == 72
    assert len(there.storage.buckets["thumbnails"]) == 20
    passthroughs = {asset["passthrough"] for asset in there.video.assets.values()}
    assert len(passthroughs) == len(there.video.assets) == 208


CHILDREN = multiprocessing.get_context("spawn")


def seed_in_child(address: Address, profiles: Path, variables: dict[str, str]) -> None:
    """What a child process runs; it is killed in the middle."""
    World(dataset("streaming"), address, address, profiles, variables).seed()


MADE = {
    "auth": (f"POST {auth_server.USERS}", 72),
    "storage": ("POST .*/object/thumbnails/.*", 20),
    "video": (f"POST {ASSETS}", 208),
}


def test_runs_that_are_killed_at_each_service_are_completed_by_the_next(there: Remote) -> None:
    world = there.world
    arguments = (world.address, world.profiles, dict(world.variables))
    for port, (request, many) in MADE.items():
        server, moment = there.servers[port], random.randrange(2, many)
        child = CHILDREN.Process(target=seed_in_child, args=arguments)
        server.watch = killing(child, server, request, moment)
        child.start()
        child.join(120)
        assert (port, moment, child.exitcode) == (port, moment, -signal.SIGKILL)
        server.watch = lambda asked: None
    there.seed()
    assert there.written() == ONCE
    assert there.violated() == {}


def killing(child: SpawnProcess, server: Emulator, request: str, moment: int) -> Watch:
    """Kills the child when it asks for that the so-manieth time; what it asks for is done."""

    def watch(asked: Asked) -> None:
        if re.fullmatch(request, str(asked)) and server.count(request) == moment:
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)

    return watch


# -- people -----------------------------------------------------------------------------------

MOCKINGBIRD = "3f1c1a52-7d8e-4c11-9a55-0f6c2f1d9b01"

PEOPLE = f"""
    INSERT INTO auth.users (id, email, raw_user_meta_data) VALUES
        ('{MOCKINGBIRD}', 'mockingbird@people.test', '{{"display_name": "A bird"}}');
    UPDATE profiles SET username = 'mockingbird' WHERE id = '{MOCKINGBIRD}';
    INSERT INTO followers (follower_id, creator_id)
        VALUES ('{MOCKINGBIRD}', '00000000-5eed-0001-0001-000000000002');
    INSERT INTO community_posts (series_id, author_id, content)
        SELECT id, '{MOCKINGBIRD}', 'I like it.' FROM series WHERE slug = 'mock-bridge-crew';
    INSERT INTO poll_votes (post_id, user_id, option_index)
        SELECT p.id, '{MOCKINGBIRD}', 0 FROM community_posts p JOIN series s ON s.id = p.series_id
        WHERE s.slug = 'mock-platform-four' AND p.post_type = 'poll';
    INSERT INTO purchases (user_id, season_id, creator_id, stripe_session_id, amount_cents,
            platform_fee_cents, creator_share_cents)
        SELECT '{MOCKINGBIRD}', n.id, s.creator_id, 'cs_real', 399, 80, 319 FROM seasons n
        JOIN series s ON s.id = n.series_id
        WHERE s.slug = 'mock-orbit-of-salt' AND n.season_number = 1;
"""


def test_real_people_keep_what_hangs_on_seeded_rows(there: Remote) -> None:
    there.seed()
    there.person.execute(PEOPLE.encode())
    there.video.put(f"{EPISODE} (director's cut)")
    there.video.put(MOCKINGBIRD)
    there.storage.put(
        "thumbnails", f"{CREATOR}/my-trailer.png", f"{MOCKINGBIRD}/mock-a-thumbnail.png"
    )
    theirs = others(there.person, there.world.dataset)
    with there.world.opened("reset") as work:
        would = preview(work)
        gone = remove(work, strict=False)
    assert (gone.tables, gone.objects, gone.pins) == (would.tables, would.objects, would.pins)
    assert others(there.person, there.world.dataset) == theirs
    assert {(pin.by.removeprefix("public."), pin.table, pin.rows) for pin in gone.pins} >= {
        ("followers", "profiles", 1),
        ("community_posts", "series", 1),
        ("poll_votes", "community_posts", 1),
        ("purchases", "seasons", 1),
        ("purchases", "profiles", 1),
    }
    series = "SELECT slug FROM series ORDER BY 1"
    kept = ["mock-bridge-crew", "mock-orbit-of-salt", "mock-platform-four"]
    assert [row[0] for row in there.person.execute(series)] == kept
    # The pictures of the series that stay stay, and the accounts of everybody who is needed.
    files = [path.rsplit("/", 1)[1] for path in there.storage.buckets["thumbnails"]]
    assert sorted(files) == [
        "mock-a-thumbnail.png",
        *(f"{one}-thumbnail.png" for one in kept),
        "my-trailer.png",
    ]
    creators = "SELECT count(*) FROM auth.users WHERE email LIKE '%@mock.streaming.test'"
    assert (one(there, creators), one(there, "SELECT count(*) FROM profiles")) == (4, 5)
    # A season that somebody bought stays whole, with its films; so does a series.
    assert one(there, "SELECT count(*) FROM seasons") == 5
    assert one(there, "SELECT count(*) FROM episodes") == 5 * 8
    held = {str(asset["passthrough"]) for asset in there.video.assets.values()}
    assert held - {str(row[0]) for row in there.person.execute("SELECT id FROM episodes")} == {
        f"{EPISODE} (director's cut)",
        MOCKINGBIRD,
    }
    assert len(held) == 5 * 8 + 2
    assert there.seed()["thumbnails"].added == 17
    assert there.violated() == {}

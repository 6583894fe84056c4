"""streaming on a real database: triggers, publishing, modes, and what people do in between."""

from __future__ import annotations

import json

import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.postgres.copy.errors import RowRefused
from seedbed.postgres.errors import UpdateRefused
from seedbed.run.counted import checked
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import contents, services, versions
from seedbed.testing.worlds import World

EPISODE = "00000000-5eed-0002-0003-000000000001"
SEASON = "00000000-5eed-0002-0002-000000000001"
CREATOR = "00000000-5eed-0001-0001-000000000001"


@pytest.fixture
def chosen() -> Dataset:
    return dataset("streaming")


def violated(world: World) -> list[str]:
    with world.opened("verify") as work:
        return [one.name for one in checked(work) if not one.passed]


def one(person: Connection, query: str) -> object:
    return person.execute(query.encode()).fetchall()[0][0]


def test_an_episode_of_a_published_season_comes_back_published(seeded: World) -> None:
    with seeded.superuser() as person:
        before = contents(person)
        person.execute("DELETE FROM episodes WHERE id = %s", (EPISODE,))
        reports = seeded.seed()
        assert contents(person) == before
    done = {name: (r.added, r.updated) for name, r in reports.items() if r.wrote}
    # The season is left alone; the asset was there, and its ids are written down again.
    assert done == {"episodes": (1, 0), "episodes_published": (0, 1), "episodes_playable": (0, 1)}


def test_a_season_is_not_published_with_fewer_than_eight_episodes(seeded: World) -> None:
    with seeded.superuser() as person:
        person.execute("UPDATE seasons SET status = 'draft' WHERE id = %s", (SEASON,))
        person.execute("UPDATE episodes SET status = 'archived' WHERE id = %s", (EPISODE,))
        before = versions(person)
        with pytest.raises(UpdateRefused) as caught:
            seeded.seed()
        assert str(caught.value) == (
            "seasons_published: seasons refuses a change of status: RaiseException (SQLSTATE "
            "P0001), raised by check_season_episode_count(); nothing of this step was kept"
        )
        assert versions(person) == before
    assert "no_season_stays_a_draft" in violated(seeded)


def test_what_a_person_archived_is_not_published_again(seeded: World) -> None:
    with seeded.superuser() as person:
        person.execute("UPDATE episodes SET status = 'archived' WHERE id = %s", (EPISODE,))
        before = versions(person)
        seeded.seed()
        assert versions(person) == before
    assert violated(seeded) == ["every_published_season_has_eight_published_episodes"]


def test_followers_are_counted_once_whoever_they_are(seeded: World) -> None:
    count = f"SELECT follower_count FROM profiles WHERE id = '{CREATOR}'"
    with seeded.superuser() as person:
        held = one(person, count)
        person.execute(
            "DELETE FROM followers WHERE id IN (SELECT id FROM followers WHERE creator_id = %s "
            "ORDER BY id LIMIT 3)",
            (CREATOR,),
        )
        person.execute(
            "INSERT INTO auth.users (id, raw_user_meta_data) VALUES (gen_random_uuid(), '{}')"
        )
        person.execute(
            "INSERT INTO followers (follower_id, creator_id) SELECT id, %s FROM profiles "
            "WHERE username IS NULL",
            (CREATOR,),
        )
        seeded.seed()
        assert one(person, count) == int(str(held)) + 1
    assert violated(seeded) == []


def test_a_watched_series_keeps_its_own_count(seeded: World) -> None:
    with seeded.superuser() as person:
        person.execute("UPDATE series SET view_count = view_count + 7 WHERE is_featured")
        before = versions(person)
        seeded.seed()
        assert versions(person) == before
    assert violated(seeded) == []


def test_the_mode_of_counts_writes_numbers_and_no_rows(world: World) -> None:
    world.profile(requirements={"streaming": {"followers": "count"}})
    world.seed()
    with world.superuser() as person:
        assert one(person, "SELECT count(*) FROM followers") == 0
        assert one(person, "SELECT min(follower_count) >= 20 FROM profiles WHERE role = 'creator'")
    assert violated(world) == []
    world.profile()
    assert violated(world) != []


def test_an_asset_in_error_leaves_its_episode_without_a_video(seeded: World) -> None:
    assets = sorted((services(seeded.address) / "video").glob("*.json"))
    broken = json.loads(assets[0].read_text())
    assets[0].write_text(json.dumps(broken | {"status": "errored", "problem": "no such source"}))
    assert violated(seeded) == ["every_row_of_episodes_has_its_video"]
    reports = seeded.seed()
    assert (reports["videos"].added, reports["videos"].removed) == (1, 1)
    assert violated(seeded) == []


def test_an_asset_that_never_gets_ready_is_named_and_not_doubled(seeded: World) -> None:
    assets = sorted((services(seeded.address) / "video").glob("*.json"))
    stuck = json.loads(assets[0].read_text())
    later = stuck["created_at"] + 10**9
    assets[0].write_text(json.dumps(stuck | {"status": "preparing", "created_at": later}))
    seeded.profile(services={"video": {"timeout": 0.3, "interval": 0.1}})
    reports = seeded.seed()
    assert (reports["videos"].added, reports["videos_ready"].missing) == (0, 1)
    with seeded.superuser() as person:
        missing = "SELECT id FROM episodes WHERE mux_asset_id IS NULL"
        assert str(one(person, missing)) == stuck["passthrough"]
    assert violated(seeded) == ["every_published_episode_has_a_video"]
    assets[0].write_text(json.dumps(stuck))
    reports = seeded.seed()
    assert (reports["videos"].added, reports["episodes_playable"].updated) == (0, 1)
    assert violated(seeded) == []


def test_an_address_that_somebody_has_stops_the_run(world: World) -> None:
    with world.superuser() as person:
        person.execute(
            "INSERT INTO auth.users (id, email) VALUES "
            "(gen_random_uuid(), 'ines-varga@mock.streaming.test')"
        )
        with pytest.raises(RowRefused, match="users_email_partial_key"):
            world.seed()
        theirs = "SELECT count(*) FROM auth.users WHERE email LIKE 'ines%'"
        assert one(person, theirs) == 1
        assert one(person, "SELECT count(*) FROM profiles WHERE role = 'creator'") == 0

"""streaming: the numbers of the owner, the order of its steps, and values written out."""

from __future__ import annotations

from collections import Counter
from datetime import date
from io import BytesIO
from typing import Any

import bcrypt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from seedbed.declare.entity import Entity
from seedbed.declare.resource import Resource
from seedbed.engine.order import depth, ordered
from seedbed.engine.run import Run
from seedbed.engine.target import chunks
from tasks.streaming import streaming
from tasks.streaming.artwork import PALETTES, thumbnail
from tasks.streaming.catalogue import CREATORS, SHOWS
from tasks.streaming.people import LOGIN
from tasks.streaming.series import paths, thumbnails
from tasks.streaming.videos import videos

DAY = date(2026, 3, 31)
SETTINGS: dict[str, int | str] = {
    "viewers": 60,
    "followers": "rows",
    "storage_url": "https://files.test",
}


def run(scale: int = 1, seed: int = 42, **settings: int | str) -> Run:
    return Run("streaming", seed, DAY, DAY, scale, SETTINGS | settings)


RUN = run()


def entity(name: str) -> Entity:
    (found,) = [one for one in streaming.entities if one.name == name]
    return found


def frame(name: str, at: Run = RUN) -> pd.DataFrame:
    return at.frame(entity(name))


def test_every_entity_has_its_count() -> None:
    assert {one.name: len(frame(one.name)) for one in streaming.entities} == {
        "creator_users": 12,
        "viewer_users": 60,
        "creator_identities": 12,
        "viewer_identities": 60,
        "creator_profiles": 12,
        "viewer_profiles": 60,
        "series": 20,
        "seasons": 26,
        "episodes": 208,
        "community_posts": 64,
        "poll_votes": 211,
        "followers": 363,
        "editorial_picks": 5,
    }


def test_the_order_is_that_of_the_owner() -> None:
    tiers = {one.name: depth(one) for one in ordered(streaming.steps)}
    path = (
        "creator_users",
        "creator_profiles",
        "creators_introduced",
        "thumbnails",
        "series",
        "seasons",
        "episodes",
        "episodes_published",
        "seasons_published",
        "videos",
        "videos_ready",
        "episodes_playable",
        "series_watched",
        "series_featured",
        "editorial_picks",
    )
    assert [tiers[name] for name in path] == list(range(15))
    assert tiers["followers"] == tiers["follower_counts"] == tiers["series_watched"]


def test_genres_prices_and_seasons_are_the_owners() -> None:
    assert Counter(frame("series")["genre"]) == {
        **dict.fromkeys(("sci-fi", "thriller", "drama", "comedy", "romance"), 2),
        **dict.fromkeys(("documentary", "action", "music", "horror"), 2),
        "behind-the-scenes": 1,
        "sports": 1,
    }
    prices = Counter(frame("seasons")["price_cents"].to_list())
    assert prices == {99: 1, 199: 5, 299: 6, 399: 7, 499: 5, 599: 1, 799: 1}
    assert Counter(frame("seasons")["series_id"].value_counts()) == {1: 14, 2: 6}
    each = frame("series")["creator_id"].value_counts(sort=False).to_list()
    assert each == [1, 1, 4, 2, 3, 2, 2, 1, 1, 1, 1, 1]


def test_accounts_log_in_with_the_documented_password() -> None:
    assert bcrypt.checkpw(LOGIN.password.encode(), LOGIN.hash.encode())
    users = frame("creator_users")
    assert users["email"].to_list()[:2] == [
        "ines-varga@mock.streaming.test",
        "tomas-lindqvist@mock.streaming.test",
    ]
    assert set(users["encrypted_password"]) == {LOGIN.hash}


def test_a_row_of_every_kind_is_as_written_here() -> None:
    series = dict(frame("series").iloc[1])
    assert (series["slug"], series["genre"]) == ("mock-the-ninth-key", "thriller")
    assert (series["view_count"], series["featured_sort_order"]) == (1366, 1)
    assert str(series["created_at"]) == "2025-07-23 16:20:04"
    assert series["thumbnail_url"] == (
        "https://files.test/thumbnails/00000000-5eed-0001-0001-000000000002/"
        "mock-the-ninth-key-thumbnail.png"
    )
    profile = dict(frame("viewer_profiles").iloc[1])
    assert (profile["username"], profile["display_name"]) == ("mock_molly_dodd_2", "Molly Dodd")
    episode = dict(frame("episodes").iloc[1])
    assert (episode["title"], str(episode["release_date"])) == ("Ballast", "2025-08-31 00:00:00")
    assert str(episode["id"]) == "00000000-5eed-0002-0003-000000000002"
    post = dict(frame("community_posts").iloc[1])
    assert post["content"] == "When do you watch Orbit of Salt?"
    assert post["poll_options"] == ["On the way to work", "At lunch", "In bed", "All at once"]
    follower = dict(frame("followers").iloc[1])
    assert str(follower["follower_id"]) == "00000000-5eed-0001-0002-000000000031"
    assert str(follower["created_at"]) == "2026-01-07 03:17:39"


def test_views_follow_the_genre() -> None:
    assert frame("series")["view_count"].to_list() == [
        *(3094, 1366, 306, 378, 408, 213, 1415, 1904, 281, 181),
        *(639, 1756, 1492, 1927, 311, 1916, 731, 247, 293, 272),
    ]


def test_creators_have_more_followers_the_more_they_are_watched() -> None:
    followers = frame("followers").groupby("creator_id").size()
    views = frame("series").groupby("creator_id")["view_count"].sum()
    assert followers.to_list() == [41, 37, 31, 58, 28, 53, 23, 39, 12, 14, 11, 16]
    for held, seen in zip(followers, views, strict=True):
        low, high = (40, 60) if seen > 3000 else (20, 39) if seen > 1000 else (10, 19)
        assert low <= held <= high
    assert not frame("followers").duplicated(["creator_id", "follower_id"]).any()


@pytest.mark.parametrize("seed", [1, 7, 42])
@pytest.mark.parametrize("scale", [1, 3])
def test_votes_and_followers_are_of_different_viewers(seed: int, scale: int) -> None:
    at = run(scale, seed)
    assert not frame("poll_votes", at).duplicated(["post_id", "user_id"]).any()
    votes = frame("poll_votes", at).groupby("post_id").size()
    assert (len(votes), votes.min() >= 5, votes.max() <= 15) == (20 * scale, True, True)
    assert not frame("followers", at).duplicated(["creator_id", "follower_id"]).any()
    assert frame("series", at)["slug"].is_unique
    assert frame("creator_users", at)["email"].is_unique
    assert frame("viewer_users", at)["email"].is_unique


def test_one_more_viewer_moves_at_most_two_nths_of_the_followers() -> None:
    def pairs(viewers: int) -> set[tuple[str, str]]:
        made = frame("followers", run(viewers=viewers))
        return set(zip(map(str, made["creator_id"]), map(str, made["follower_id"]), strict=True))

    before, after = pairs(60), pairs(61)
    assert len(before - after) <= len(before) * 2 / 60


def test_the_mode_of_counts_has_display_numbers_and_no_follower() -> None:
    at = run(followers="count")
    assert len(frame("followers", at)) == 0
    counts = frame("creator_profiles", at)["follower_count"]
    assert (counts.min() >= 20, counts.max() <= 500) == (True, True)
    assert "follower_count" not in frame("creator_profiles")


def test_every_series_has_a_picture_and_every_episode_an_asset() -> None:
    (rows,) = chunks(entity("series"), RUN, 1000)
    assert paths(rows)[1] == (
        "00000000-5eed-0001-0001-000000000002/mock-the-ninth-key-thumbnail.png"
    )
    specs = thumbnails.make(rows)
    assert {spec["content_type"] for spec in specs} == {"image/png"}
    assert len({spec["content"] for spec in specs}) == 20
    (some,) = chunks(entity("episodes"), RUN, 1000)
    assert videos.keys(some)[0] == "00000000-5eed-0002-0003-000000000001"
    assert videos.make(some)[0]["url"] == "https://media.mock.streaming.test/stock/00.mp4"
    assert all(key.startswith(videos.prefix) for key in videos.keys(some))


def test_a_thumbnail_is_a_png_of_640_by_360() -> None:
    picture = Image.open(BytesIO(thumbnail("The Ninth Key", "thriller", "Tomas Lindqvist")))
    assert (picture.format, picture.size) == ("PNG", (640, 360))
    assert {show.genre for show in SHOWS} == set(PALETTES)


def test_the_catalogue_names_every_episode() -> None:
    for show in SHOWS:
        assert len(show.episodes.split("|")) == 8 * len(show.cents), show.title
    assert len({one.name for one in CREATORS}) == 12


def test_nothing_lies_after_the_dataset_s_day() -> None:
    for one in streaming.entities:
        for column, values in frame(one.name).items():
            if values.dtype.kind == "M":
                latest: Any = values.max()
                assert latest <= pd.Timestamp(DAY), (one.name, column)


def test_two_seasons_of_a_series_do_not_overlap() -> None:
    episodes = frame("episodes").merge(
        frame("seasons")[["id", "series_id"]], left_on="season_id", right_on="id"
    )
    for _, shown in episodes.groupby("series_id"):
        assert np.diff(shown["release_date"].to_numpy()).min() > np.timedelta64(0)


def test_a_resource_owns_the_keys_that_it_makes_and_no_other() -> None:
    resources = [one for one in streaming.later if isinstance(one, Resource)]
    assert {one.name: (one.port, one.place) for one in resources} == {
        "thumbnails": ("storage", "thumbnails"),
        "videos": ("video", ""),
    }
    for one in resources:
        for scale in (1, 3):
            for rows in chunks(one.of, run(scale), 1000):
                assert all(one.owns(key) for key in one.keys(rows))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "00000000-5eed-0002-0003-00000000000a",  # no decimal number
        "00000000-5eed-0002-0003-0000000000011",
        "00000000-5eed-0002-0003-000000000001 trailer",
        "00000000-5eed-0002-0003-000000000001\n",
        "00000000-5EED-0002-0003-000000000001",
        "x00000000-5eed-0002-0003-000000000001",
        "00000000-5eed-0003-0001-000000000001",  # another entity's
        # What a person puts into the folder of a seeded creator:
        "00000000-5eed-0001-0001-000000000001/holiday.png",
        "00000000-5eed-0001-0001-000000000001/a/mock-orbit-of-salt-thumbnail.png",
        "00000000-5eed-0001-0001-00000000000a/mock-orbit-of-salt-thumbnail.png",
        "00000000-5eed-0001-0002-000000000001/mock-orbit-of-salt-thumbnail.png",
    ],
)
def test_a_key_that_merely_looks_similar_is_somebody_else_s(key: str) -> None:
    assert not videos.owns(key)
    assert not thumbnails.owns(key)

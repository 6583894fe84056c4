"""Series, their thumbnails, seasons and episodes, and how they come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from seedbed import (
    Columns,
    Dates,
    Integers,
    Rows,
    counted,
    entity,
    exactly,
    nullable,
    objects,
    resource,
    settle,
    text,
    uuid_key,
)
from tasks.streaming.artwork import thumbnail
from tasks.streaming.catalogue import CREATORS, EPISODES_EACH, FIRST_SHOW, SHOWS, Show
from tasks.streaming.people import (
    CREATOR,
    UNIT,
    creator_profiles,
    creators_introduced,
    viewers_introduced,
)

VIEWS = {
    **dict.fromkeys(("thriller", "action", "sci-fi", "horror"), (800, 2000)),
    **dict.fromkeys(("drama", "comedy", "romance"), (300, 800)),
}
"""Fewest and most views of a series by genre; the hero has more, other genres fewer."""
HERO_VIEWS = (2000, 5000)
OTHER_VIEWS = (100, 400)

MOST_SHOWS = 4
"""Series of the busiest creator."""
MOST_SEASONS = 2
MOST_EPISODES = 70
"""What the platform allows in a season."""

EPISODE_TEXTS = (
    "It begins with {title}, and ends with somebody at the door.",
    "Two minutes, one decision: {title}.",
    "{title}. Nobody says what everybody has seen.",
    "What looked like an end turns out to be {title}.",
    "{title}: the shortest way is closed.",
    "Somebody remembers {title} differently.",
    "The price of {title} goes up.",
    "{title}, told from the other side of the table.",
)


def shows(rows: Rows) -> list[Show]:
    """The catalogue's entry of every series."""
    creators = (rows.parent.number - 1).tolist()
    return [
        SHOWS[FIRST_SHOW[creator % UNIT] + place]
        for creator, place in zip(creators, rows.position.tolist(), strict=True)
    ]


def _shows_each(creators: Rows) -> Integers:
    held = np.array([len(one.shows) for one in CREATORS], dtype=np.int64)
    each: Integers = held[(creators.number - 1) % UNIT]
    return each


def _edition(rows: Rows) -> list[str]:
    """What tells the series of further units apart."""
    return [f" {unit + 1}" if unit else "" for unit in ((rows.parent.number - 1) // UNIT).tolist()]


def _slugs(rows: Rows) -> list[str]:
    return [
        f"mock-{show.slug}{unit.replace(' ', '-')}"
        for show, unit in zip(shows(rows), _edition(rows), strict=True)
    ]


def paths(rows: Rows) -> list[str]:
    """Where each series' thumbnail lies in its bucket."""
    return [
        f"{creator}/{slug}-thumbnail.png"
        for creator, slug in zip(rows.parent.names, _slugs(rows), strict=True)
    ]


def _views(rows: Rows) -> Integers:
    """How often each series was watched: a range of its own for every genre."""
    ranges = [
        HERO_VIEWS if show.featured == 0 else VIEWS.get(show.genre, OTHER_VIEWS)
        for show in shows(rows)
    ]
    low, high = np.array(ranges or [(0, 0)], dtype=np.int64).T
    share = rows.uniform("view_count")
    views: Integers = low[: len(rows)] + (share * (high - low + 1)[: len(rows)]).astype(np.int64)
    return views


@entity(
    table="series",
    key=uuid_key("0002-0001", fan=MOST_SHOWS),
    per=creator_profiles,
    count=counted(_shows_each),
    staged={"is_featured": False, "featured_sort_order": 0, "view_count": 0},
    stamped=("updated_at",),
)
def series(rows: Rows) -> Columns:
    """What each creator makes; published from the start, its seasons are not."""
    held = shows(rows)
    base = rows.run.option("storage_url")
    return {
        "slug": objects(_slugs(rows)),
        "title": objects(
            show.title + unit for show, unit in zip(held, _edition(rows), strict=True)
        ),
        "description": objects(show.about for show in held),
        "genre": objects(show.genre for show in held),
        "thumbnail_url": objects(f"{base}/thumbnails/{path}" for path in paths(rows)),
        "trailer_url": None,
        "creator_id": rows.parent["id"],
        "status": "published",
        "is_featured": np.array([show.featured is not None for show in held], dtype=bool),
        "view_count": _views(rows),
        "created_at": rows.ago(rows.uniform("created_at"), 240, 300),
        "bundle_discount_percent": 15,
        "featured_sort_order": np.array([show.featured or 0 for show in held], dtype=np.int64),
    }


@resource(
    series,
    port="storage",
    keys=paths,
    prefix=f"00000000-5eed-{CREATOR}-",
    rest="[0-9]{12}/mock-[a-z0-9-]+-thumbnail[.]png",
    place="thumbnails",
    after=(creators_introduced, viewers_introduced),
)
def thumbnails(rows: Rows) -> list[Mapping[str, Any]]:
    """A picture of every series, in its creator's folder."""
    creators = [CREATORS[number % UNIT].name for number in (rows.parent.number - 1).tolist()]
    return [
        {
            "content": thumbnail(show.title, show.genre, creator),
            "content_type": "image/png",
        }
        for show, creator in zip(shows(rows), creators, strict=True)
    ]


series = series.following(thumbnails)  # no row points at a file that is not there


def _seasons_each(held: Rows) -> Integers:
    return np.array([len(show.cents) for show in shows(held)], dtype=np.int64)


def _premiere(rows: Rows) -> Dates:
    """The day of each season's first episode: the second follows the first by 90 days."""
    first = rows.ago(rows.parent.uniform("premiere"), 180, 220).astype("datetime64[D]")
    later: Dates = first + (rows.position * 90).astype("timedelta64[D]")
    return later


@entity(
    table="seasons",
    key=uuid_key("0002-0002", fan=MOST_SEASONS),
    per=series,
    count=counted(_seasons_each),
    staged={"status": "draft"},
    stamped=("updated_at",),
    stays_with=(series,),
)
def seasons(rows: Rows) -> Columns:
    """One or two seasons a series; a draft until all its episodes are out."""
    cents = [show.cents for show in shows(rows.parent)]
    return {
        "series_id": rows.parent["id"],
        "season_number": rows.position + 1,
        "title": text(rows.position + 1, prefix="Season "),
        "description": None,
        "price_cents": np.array(
            [prices[place] for prices, place in zip(cents, rows.position.tolist(), strict=True)],
            dtype=np.int64,
        ),
        "status": "published",
        "created_at": _premiere(rows).astype("datetime64[us]"),
        "release_strategy": rows.weighted("release_strategy", {"all_at_once": 2, "drip": 1}),
        "sort_order": rows.position,
    }


def _titles(rows: Rows) -> list[str]:
    """The catalogue's title of every episode."""
    places = (rows.parent.position * EPISODES_EACH + rows.position).tolist()
    held = shows(rows.parent.parent)
    return [show.episodes.split("|")[place] for show, place in zip(held, places, strict=True)]


@entity(
    table="episodes",
    key=uuid_key("0002-0003", fan=MOST_EPISODES),
    per=seasons,
    count=exactly(EPISODES_EACH),
    staged={"status": "draft"},
    stamped=("updated_at",),
    stays_with=(seasons,),
)
def episodes(rows: Rows) -> Columns:
    """Eight a season, one a week; without a length, since the stored files have another."""
    titles = _titles(rows)
    texts = rows.pick("description", EPISODE_TEXTS)
    weeks = (rows.position * 7).astype("timedelta64[D]")
    out = rows.parent.times("created_at") + weeks
    dark = rows.chance("content_warnings", 0.15)
    return {
        "season_id": rows.parent["id"],
        "episode_number": rows.position + 1,
        "title": objects(titles),
        "description": objects(
            said.format(title=title) for said, title in zip(texts, titles, strict=True)
        ),
        "status": "published",
        "created_at": out - np.timedelta64(2, "D"),
        "sort_order": rows.position,
        "content_warnings": nullable(np.full(len(rows), "flashing lights", dtype=object), dark),
        "release_date": out,
    }


episodes_published = settle(
    episodes, "episodes_published", "status", about="Episodes come out before their season does."
)

seasons_published = settle(
    seasons,
    "seasons_published",
    "status",
    after=(episodes_published,),
    about="A season comes out when its episodes have.",
)

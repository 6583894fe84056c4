"""Community: what creators and viewers write under a series, and how viewers vote."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import (
    Columns,
    Integers,
    Rows,
    between,
    categorical,
    choose,
    counted,
    entity,
    objects,
    uuid_key,
    view,
)
from tasks.streaming.people import UNIT, VIEWER, creator_users, viewer_profiles
from tasks.streaming.series import seasons_published, series, shows

ANNOUNCEMENTS = (
    "{title} is out. Thank you for waiting, and for not asking when.",
    "We have finished {title}. The last day of shooting was also the coldest.",
    "New here? Start {title} with the first episode; it takes two minutes.",
    "Some of you found the mistake in episode three of {title}. It stays in.",
)
POLLS = (
    (
        "Who in {title} would you trust with your keys?",
        ("Nobody", "The first one", "The quiet one"),
    ),
    ("When do you watch {title}?", ("On the way to work", "At lunch", "In bed", "All at once")),
    ("Should {title} get another season?", ("Yes", "Only if it is shorter", "Leave it as it is")),
    ("Which ending of {title} did you expect?", ("This one", "The opposite", "None at all")),
)
DISCUSSIONS = (
    "I have watched {title} twice and still do not know who closed the door.",
    "The sound in {title} deserves a prize. Use headphones.",
    "My neighbour recommended {title}. My neighbour is right.",
    "Two minutes are too short for {title}. Or exactly right. I cannot decide.",
    "Did anybody else notice the clock in the background of {title}?",
    "I stopped {title} after every episode to guess what comes next. Wrong eight times.",
    "{title} is the first thing that my father and I both like.",
    "What was that song in the fourth episode of {title}?",
)
FIRST, SECOND = 0, 1
MOST_POSTS = 4
FEWEST_VOTES, MOST_VOTES = 5, 15


@entity(
    table="community_posts",
    key=uuid_key("0003-0001", fan=MOST_POSTS),
    per=series,
    count=between(2, MOST_POSTS),
    after=(seasons_published,),
    stamped=("updated_at",),
)
def community_posts(rows: Rows) -> Columns:
    """The creator announces and asks, viewers talk."""
    kind = np.minimum(rows.position, 2)
    titles = [show.title for show in shows(rows.parent)]
    said, asked, talked = (
        list(rows.pick(name, given))
        for name, given in (
            ("announcement", ANNOUNCEMENTS),
            ("poll", [text for text, _ in POLLS]),
            ("discussion", DISCUSSIONS),
        )
    )
    options = dict(POLLS)
    texts = np.choose(kind, [np.array(given, dtype=object) for given in (said, asked, talked)])
    polls = [
        list(options[text]) if place == SECOND else None
        for text, place in zip(asked, rows.position.tolist(), strict=True)
    ]
    viewers = rows.run.number("viewers")
    unit = (rows.parent.parent.number - 1) // UNIT
    viewer = unit * viewers + rows.integers("author_id", 1, max(viewers, 1))
    ours = rows.parent.keys("creator_id")
    return {
        "series_id": rows.parent["id"],
        "author_id": np.where(kind < 2, ours, uuid_key(VIEWER).encode(viewer)),
        "content": objects(
            text.format(title=title) for text, title in zip(texts, titles, strict=True)
        ),
        "post_type": categorical(kind, ("announcement", "poll", "discussion")),
        "poll_options": objects(polls),
        "is_pinned": kind == FIRST,
        "created_at": rows.ago(rows.uniform("created_at"), 5, 80),
    }


@view(community_posts, series, creator_users, viewer_profiles, key="voter")
def voters(
    community_posts: pd.DataFrame,
    series: pd.DataFrame,
    creator_users: pd.DataFrame,
    viewer_profiles: pd.DataFrame,
) -> pd.DataFrame:
    """Every viewer of a poll's unit, for every poll."""
    polls = community_posts[community_posts["post_type"] == "poll"]
    made_by = series.set_index("id")["creator_id"].reindex(polls["series_id"]).to_numpy()
    units = max(len(creator_users) // UNIT, 1)
    place = pd.Series(np.arange(len(creator_users)) // UNIT, index=creator_users["id"])
    each = len(viewer_profiles) // units
    found = {"poll": polls["id"].to_numpy(), "unit": place.reindex(made_by).to_numpy()}
    people = pd.DataFrame(
        {
            "voter": viewer_profiles["id"],
            "unit": np.arange(len(viewer_profiles)) // max(each, 1),
        }
    )
    return pd.DataFrame(found).merge(people, on="unit")


def _votes_each(posts: Rows) -> Integers:
    drawn = posts.integers("votes", FEWEST_VOTES, MOST_VOTES)
    return np.where(posts.position == SECOND, drawn, 0)


@entity(
    table="poll_votes",
    key=uuid_key("0003-0002", fan=MOST_VOTES),
    per=community_posts,
    count=counted(_votes_each),
    choose=choose(voters, by="poll", fills={"user_id": "voter"}),
)
def poll_votes(rows: Rows) -> Columns:
    """Different viewers, each with one of the options."""
    held = rows.parent.values("poll_options").tolist()
    options = np.array([len(one or ()) for one in held], dtype=np.int64)
    return {
        "post_id": rows.parent["id"],
        "user_id": rows.chosen["voter"].to_numpy(),
        "option_index": rows.integers("option_index", 0, np.maximum(options, 1) - 1),
        "created_at": rows.ago(rows.uniform("created_at"), 0.2, 4.8),
    }

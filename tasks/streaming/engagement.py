"""Engagement: who follows whom, how often a series was watched, and what the editors pick."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import Columns, Integers, Rows, choose, counted, entity, settle, uuid_key, view
from tasks.streaming.people import TIERS, UNIT, creator_profiles, viewer_profiles
from tasks.streaming.series import series
from tasks.streaming.videos import episodes_playable

MOST_FOLLOWERS = TIERS[0][2]


@view(creator_profiles, viewer_profiles, key="viewer")
def fans(creator_profiles: pd.DataFrame, viewer_profiles: pd.DataFrame) -> pd.DataFrame:
    """Every viewer of a creator's unit, for every creator."""
    units = max(len(creator_profiles) // UNIT, 1)
    each = max(len(viewer_profiles) // units, 1)
    creators = pd.DataFrame(
        {"creator": creator_profiles["id"], "unit": np.arange(len(creator_profiles)) // UNIT}
    )
    viewers = pd.DataFrame(
        {"viewer": viewer_profiles["id"], "unit": np.arange(len(viewer_profiles)) // each}
    )
    return creators.merge(viewers, on="unit")


def _followers_each(creators: Rows) -> Integers:
    """10 to 60, the more the more the creator's series are watched; none in the mode of counts."""
    if creators.run.option("followers") == "count":
        return np.zeros(len(creators), dtype=np.int64)
    watched = creators.run.frame(series).groupby("creator_id")["view_count"].sum()
    views = watched.reindex(creators.names, fill_value=0).to_numpy()
    share = creators.uniform("followers")
    tiers = [low + share * (high - low + 1) for _, low, high in TIERS]
    number = np.select([views > least for least, _, _ in TIERS], tiers, tiers[-1])
    return np.minimum(number.astype(np.int64), creators.run.number("viewers"))


@entity(
    table="followers",
    key=uuid_key("0004-0001", fan=MOST_FOLLOWERS),
    per=creator_profiles,
    count=counted(_followers_each),
    upstream=(series,),
    choose=choose(fans, by="creator", fills={"follower_id": "viewer"}),
    after=(episodes_playable,),
)
def followers(rows: Rows, series: pd.DataFrame) -> Columns:
    """Viewers follow; the platform counts them in the creator's profile."""
    return {
        "follower_id": rows.chosen["viewer"].to_numpy(),
        "creator_id": rows.parent["id"],
        "created_at": rows.ago(rows.uniform("created_at"), 1, 170),
    }


follower_counts = settle(
    creator_profiles,
    "follower_counts",
    "follower_count",
    after=(episodes_playable,),
    about="In the mode of counts: the numbers that demos show, without follower rows.",
)

series_watched = settle(
    series,
    "series_watched",
    "view_count",
    after=(episodes_playable,),
    about="How often each series was watched.",
)

series_featured = settle(
    series,
    "series_featured",
    "is_featured",
    "featured_sort_order",
    after=(series_watched, followers, follower_counts),
    about="Five series of five genres stand on the front page.",
)


@entity(
    table="editorial_picks",
    key=uuid_key("0004-0002", fan=1),
    per=series,
    count=counted(lambda held: held.numbers("is_featured")),
    after=(series_featured,),
)
def editorial_picks(rows: Rows) -> Columns:
    """The editors' list of what is featured."""
    return {
        "series_id": rows.parent["id"],
        "section": "featured",
        "sort_order": rows.parent["featured_sort_order"],
        "added_by": None,
        "created_at": rows.ago(rows.uniform("created_at"), 1, 20),
    }

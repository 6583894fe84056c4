"""streaming: a micro-series platform with accounts, files, videos, and triggers that set the order.

users ── profiles ── thumbnails ── series ── seasons ── episodes      (drafts)
                                     │                      │
                                     │             episodes_published
                                     │                      │
                     community_posts ┼───────────── seasons_published
                           │         │                      │
                       poll_votes    │       videos ── videos_ready ── episodes_playable
                                     │                                        │
                                     └─ series_watched, followers ────────────┘
                                                 │
                                        series_featured ── editorial_picks
"""

from pathlib import Path

from seedbed import Dataset
from tasks.streaming import community, engagement, people, series, videos
from tasks.streaming.requirements import REQUIREMENTS

streaming = Dataset(
    name="streaming",
    folder=Path(__file__).parent,
    entities=(
        people.creator_users,
        people.viewer_users,
        people.creator_identities,
        people.viewer_identities,
        people.creator_profiles,
        people.viewer_profiles,
        series.series,
        series.seasons,
        series.episodes,
        community.community_posts,
        community.poll_votes,
        engagement.followers,
        engagement.editorial_picks,
    ),
    later=(
        people.creators_introduced,
        people.viewers_introduced,
        series.thumbnails,
        series.episodes_published,
        series.seasons_published,
        videos.videos,
        videos.videos_ready,
        videos.episodes_playable,
        engagement.series_watched,
        engagement.follower_counts,
        engagement.series_featured,
    ),
    requirements=REQUIREMENTS,
    notes=(
        "episodes.duration_seconds stays NULL: the stored files are shorter or longer than the "
        "60 to 180 seconds that the platform allows",
        "no purchases: they need payment sessions that only a real payment makes",
    ),
)

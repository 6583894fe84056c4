"""therapy: a community and teletherapy platform, enriched until nobody lacks anything.

users ─┬─ memberships ── posts ─┬─ comments
       │      │                 ├─ hearts
communities ─ room_groups ─ rooms└─ reports
       │      moderator_assignments
       ├─ relationships ─┬─ meetings ─┬─ reviews
       │                 ├─ worksheets └─ payments
       │                 └─ messages ── message_interactions
       └─ availability, assessments, notifications, user_blocks
"""

from pathlib import Path

from seedbed import Dataset
from tasks.therapy import (
    care,
    communities,
    meetings,
    messages,
    people,
    platform,
    posts,
    responses,
    reviews,
)
from tasks.therapy.requirements import REQUIREMENTS

therapy = Dataset(
    name="therapy",
    folder=Path(__file__).parent,
    entities=(
        people.client_users,
        people.clients,
        people.therapist_users,
        people.therapists,
        people.admin_users,
        people.admins,
        people.moderator_users,
        people.moderators,
        communities.communities,
        communities.room_groups,
        communities.rooms,
        communities.client_memberships,
        communities.therapist_memberships,
        communities.community_members,
        communities.moderator_assignments,
        care.relationships,
        care.availability,
        care.assessments,
        posts.client_posts,
        posts.therapist_posts,
        posts.community_posts,
        responses.post_comments,
        responses.client_comments,
        responses.therapist_comments,
        responses.post_hearts,
        responses.client_hearts,
        meetings.client_meetings,
        meetings.therapist_meetings,
        meetings.completed_meetings,
        meetings.meeting_notes,
        meetings.worksheets,
        meetings.worksheet_submissions,
        messages.conversations,
        messages.participants,
        messages.messages,
        messages.message_reactions,
        messages.message_receipts,
        reviews.client_reviews,
        reviews.therapist_reviews,
        platform.client_notifications,
        platform.therapist_notifications,
        platform.reports,
        platform.user_blocks,
        platform.payment_methods,
        platform.payments,
    ),
    version=3,
    requirements=REQUIREMENTS,
)

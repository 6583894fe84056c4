"""Every number of therapy that a profile can set: sizes of the base data, then the minimums."""

from __future__ import annotations

from seedbed import Minimum

REQUIREMENTS = (
    # Base data, where nobody else has rows of the kind. docs/therapy.md does the arithmetic.
    Minimum("clients", 8, 20, 80, "clients of the base data"),
    Minimum("therapists", 4, 7, 25, "therapists of the base data"),
    Minimum("admins", 1, 1, 4, "administrators of the base data"),
    Minimum("moderators", 1, 2, 4, "moderators of the base data"),
    Minimum("communities", 5, 15, 18, "communities of the base data"),
    # Per client.
    Minimum("client_memberships", 1, 1, 2, "communities that a client is a member of"),
    Minimum("client_posts", 3, 5, 8, "posts by a client"),
    Minimum("client_comments", 5, 10, 15, "comments by a client"),
    Minimum("client_hearts", 2, 3, 5, "hearts given by a client"),
    Minimum("client_conversations", 1, 2, 3, "conversations of a client"),
    Minimum("client_assessments", 1, 1, 1, "assessments of a client", most=1),
    Minimum("client_meetings", 2, 3, 4, "meetings of a client who has a therapist"),
    Minimum("client_reviews", 1, 1, 1, "reviews by a client who has completed a meeting"),
    Minimum("client_notifications", 2, 3, 5, "notifications of a client"),
    Minimum("client_payment_methods", 0, 0, 1, "payment methods of a client"),
    # Per therapist who is approved.
    Minimum("therapist_memberships", 1, 1, 1, "communities that a therapist is a member of"),
    Minimum("therapist_relationships", 2, 2, 3, "clients of a therapist"),
    Minimum("therapist_availability", 3, 3, 5, "weekdays of a therapist", most=5),
    Minimum("therapist_posts", 1, 2, 3, "posts by a therapist"),
    Minimum("therapist_comments", 3, 5, 8, "comments by a therapist"),
    Minimum("therapist_meetings", 3, 4, 6, "meetings of a therapist"),
    Minimum("therapist_worksheets", 2, 3, 4, "worksheets created by a therapist"),
    Minimum("therapist_reviews", 1, 1, 2, "reviews of a therapist"),
    Minimum("therapist_notifications", 2, 3, 5, "notifications of a therapist"),
    # Per community.
    Minimum("community_members", 4, 8, 10, "members of a community"),
    Minimum("community_posts", 5, 10, 15, "posts in a community"),
    Minimum("community_moderators", 1, 1, 1, "moderators of a community"),
    Minimum("community_room_groups", 1, 1, 1, "room groups of a community"),
    Minimum("room_group_rooms", 1, 1, 1, "rooms of a room group"),
    # Per post, conversation and meeting.
    Minimum("post_comments", 1, 2, 3, "comments on a post"),
    Minimum("post_hearts", 1, 1, 2, "hearts of a post"),
    Minimum("conversation_messages", 4, 5, 8, "messages in a conversation"),
    Minimum("meeting_notes", 1, 1, 1, "notes on a completed meeting"),
    Minimum("meeting_payments", 0, 0, 1, "payments for a completed meeting"),
    # In the whole system.
    Minimum("reports", 2, 3, 6, "reports of posts"),
    Minimum("user_blocks", 1, 2, 4, "blocks between users"),
)

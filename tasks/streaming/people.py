"""People: accounts with their identity and the profile that the platform makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from seedbed import Columns, Login, Rows, entity, objects, scaled, settle, uuid_key
from tasks.streaming.catalogue import CREATORS

# documented in docs/streaming.md; it opens seeded data only
LOGIN = Login(
    "MockCreator2026!", hash="$2a$10$h7i5fjYjyk9TQ4rkS4YgXesI7.v4bg/lk8T4CznX6CtNl/Tp/3/9m"
)
"""The hash is bcrypt's, with cost 10."""

CREATOR, VIEWER = "0001-0001", "0001-0002"
UNIT = len(CREATORS)
"""Creators at scale 1; each further unit has the same catalogue in another edition."""

LOCALE = "en_GB"
TIERS = ((3000, 40, 60), (1000, 20, 39), (0, 10, 19))
"""Views from which on, fewest and most followers."""

APP = {"provider": "email", "providers": ["email"], "seedbed": "streaming"}
LINKS = ("https://video.example", "https://social.example")

SERVER_STAMPS = ("created_at", "updated_at", "email_confirmed_at")
"""What an auth server writes by its own clock; in an account's metadata and an identity's data it
also notes whether the address is verified.
"""

UNSET: Columns = {"username": None, "role": "viewer", "bio": None, "social_links": {}}
"""A profile as the platform makes it for a new account."""


def _creator_names(rows: Rows) -> list[str]:
    return [
        CREATORS[place % UNIT].name + (f" {place // UNIT + 1}" if place >= UNIT else "")
        for place in rows.position.tolist()
    ]


def _viewer_names(rows: Rows) -> list[str]:
    first = rows.pick("first name", rows.run.pool("first_name", 300, locale=LOCALE))
    last = rows.pick("last name", rows.run.pool("last_name", 300, locale=LOCALE))
    return [f"{one} {other}" for one, other in zip(first, last, strict=True)]


def _logins(names: list[str]) -> list[str]:
    """Each name as first-last."""
    return ["-".join(name.lower().replace("'", "").split()) for name in names]


ACCOUNT: dict[str, Any] = {
    "table": "auth.users",
    "stamped": (*SERVER_STAMPS, "raw_user_meta_data"),
    "through": "auth",
    "step": "users",
}
IDENTITY: dict[str, Any] = {
    "table": "auth.identities",
    "stamped": ("id", "last_sign_in_at", *SERVER_STAMPS, "identity_data"),
    "through": "auth",
    "step": "users",
}
PROFILE: dict[str, Any] = {"table": "profiles", "stamped": ("updated_at",), "step": "profiles"}
"""What the entities of creators and of viewers have in common."""


def _account(rows: Rows, names: list[str], logins: list[str]) -> Columns:
    created = rows.ago(rows.uniform("created_at"), 320, 420)
    return {
        "instance_id": np.zeros(len(rows), dtype="V16"),
        "aud": "authenticated",
        "role": "authenticated",
        "email": objects(f"{login}@mock.streaming.test" for login in logins),
        "encrypted_password": LOGIN.hash,
        "email_confirmed_at": created,
        # The auth server reads these and fails on NULL.
        "confirmation_token": "",
        "recovery_token": "",
        "email_change_token_new": "",
        "email_change": "",
        "raw_app_meta_data": APP,
        "raw_user_meta_data": objects({"display_name": name} for name in names),
        "created_at": created,
        "updated_at": created,
    }


@entity(key=uuid_key(CREATOR), count=scaled(UNIT), **ACCOUNT)
def creator_users(rows: Rows) -> Columns:
    """The accounts of the people who publish."""
    names = _creator_names(rows)
    return _account(rows, names, _logins(names))


@entity(key=uuid_key(VIEWER), count=scaled("viewers"), **ACCOUNT)
def viewer_users(rows: Rows) -> Columns:
    """The accounts of the people who watch, follow and vote."""
    names = _viewer_names(rows)
    numbered = zip(_logins(names), rows.number.tolist(), strict=True)
    return _account(rows, names, [f"{login}-{number}" for login, number in numbered])


def _identity(rows: Rows, kind: str) -> Columns:
    users = [str(name) for name in rows.parent.names]
    emails = rows.parent.texts("email").tolist()
    return {
        "id": uuid_key(kind).encode(rows.number),
        "provider": "email",
        "provider_id": objects(users),
        "identity_data": objects(
            {"sub": user, "email": email} for user, email in zip(users, emails, strict=True)
        ),
        "last_sign_in_at": None,
        "created_at": rows.parent["created_at"],
        "updated_at": rows.parent["created_at"],
    }


@entity(key=uuid_key(CREATOR, fan=1, column="user_id"), per=creator_users, **IDENTITY)
def creator_identities(rows: Rows) -> Columns:
    """They log in by e-mail."""
    return _identity(rows, "0001-0003")


@entity(key=uuid_key(VIEWER, fan=1, column="user_id"), per=viewer_users, **IDENTITY)
def viewer_identities(rows: Rows) -> Columns:
    """They log in by e-mail."""
    return _identity(rows, "0001-0004")


def _before_at(rows: Rows) -> list[str]:
    """What stands before the @ of every account's address."""
    return [email.split("@")[0] for email in rows.parent.texts("email").tolist()]


def _profile(rows: Rows) -> Columns:
    shown = [one["display_name"] for one in rows.parent.values("raw_user_meta_data").tolist()]
    return {
        "username": objects(f"mock_{login.replace('-', '_')}" for login in _before_at(rows)),
        "display_name": objects(shown),
        "avatar_url": None,
        "created_at": rows.parent["created_at"],
    }


@entity(
    key=uuid_key(CREATOR, fan=1),
    per=creator_users,
    staged=UNSET | {"follower_count": 0},
    **PROFILE,
)
def creator_profiles(rows: Rows) -> Columns:
    """The platform makes a bare profile of every account; these are what creators make of it."""
    logins = _before_at(rows)
    return {
        **_profile(rows),
        "role": "creator",
        "bio": objects(CREATORS[place % UNIT].bio for place in rows.parent.position.tolist()),
        "social_links": objects({site: f"{site}/{login}" for site in LINKS} for login in logins),
        **_display_counts(rows),
    }


def _display_counts(rows: Rows) -> Columns:
    """Larger numbers for demos, where the profile wants counts and no follower rows."""
    if rows.run.option("followers") == "rows":
        return {}
    return {"follower_count": rows.integers("follower_count", 20, 500)}


@entity(key=uuid_key(VIEWER, fan=1), per=viewer_users, staged=UNSET, **PROFILE)
def viewer_profiles(rows: Rows) -> Columns:
    """Viewers take a name and leave the rest as it is."""
    return {**_profile(rows), "role": "viewer", "bio": None, "social_links": {}}


creators_introduced = settle(
    creator_profiles,
    "creators_introduced",
    *("username", "role", "bio", "social_links", "created_at"),
    about="Creators fill in the profiles that the platform made for them.",
    step="profiles",
)

viewers_introduced = settle(
    viewer_profiles,
    "viewers_introduced",
    *("username", "created_at"),
    about="Viewers take a name.",
    step="profiles",
)

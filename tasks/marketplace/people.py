"""People: providers with their portfolios, and buyers; half of each have Arabic names."""

from __future__ import annotations

import numpy as np

from seedbed import Columns, Integers, Login, Rows, between, entity, scaled, text, text_key
from tasks.marketplace.ledger import BUYERS, GIGS, PROVIDERS, gig_number, languages, trades
from tasks.marketplace.texts import CATEGORIES, Objects, about_trades, bank, by_category
from tasks.marketplace.times import DAY, HOUR, MINUTE, ago, span

# documented in docs/marketplace.md; it opens seeded data only
LOGIN = Login(
    "HerafiSeed2026!", hash="$2a$10$l1uS/tUm2PQorLGTTTxgFOQm9bcLXxydye6FXNO.nHCRQI.sINm.O"
)
"""The hash is bcrypt's, with cost 10."""

IMAGES = "https://images.herafi-seed.test"
MANY = 1_000_000
"""Users of one kind that the keys have numbers for."""

IMAGES_EACH = (3, 6)

NAMES = 16
"""First names of a language, and last names: 256 pairs."""


def names(position: Integers, part: str, apart: int) -> Objects:
    """First and last names by position alone, so that people stay the same whatever the seed.

    All pairs of a language differ until they are used up; `apart` keeps groups apart till then.
    """
    language, turn = languages(position), position // 2
    firsts, lasts = bank("people", f"{part}first"), bank("people", f"{part}last")
    first, last = turn + apart, (turn + apart) * 5 + turn // NAMES + apart
    between = "." if part else " "
    joined: Objects = firsts[language, first % NAMES] + between + lasts[language, last % NAMES]
    return joined


def usernames(position: Integers, apart: int, mark: str) -> Objects:
    """ASCII, and unique by the number behind the name."""
    numbers = (position + 1).astype(str).astype(object)
    found: Objects = names(position, "latin_", apart) + mark + numbers
    return found


@entity(
    table="User",
    key=text_key("pr", fan=MANY),
    count=scaled(PROVIDERS),
    stamped=("updatedAt",),
)
def providers(rows: Rows) -> Columns:
    """Craftspeople and freelancers with a profile."""
    name, username = names(rows.position, "", 0), usernames(rows.position, 0, "")
    created = ago(rows, rows.uniform("createdAt"), 450, 700)
    about = languages(rows.position), trades(rows.position)
    said = {part: rows.integers(part, 0, 2) for part in ("bios", "provider_bios", "summaries")}
    return {
        "name": name,
        "email": text(rows.position + 1, prefix="provider", suffix="@herafi-seed.test"),
        "emailVerified": created + span(rows.uniform("emailVerified"), MINUTE, HOUR),
        "image": IMAGES + "/avatars/" + username + ".png",
        "hashedPassword": LOGIN.hash,
        "createdAt": created,
        "updatedAt": created + span(rows.uniform("updatedAt"), DAY, 60 * DAY),
        "username": username,
        "displayName": name,
        "bio": about_trades("bios")[*about, said["bios"]],
        "avatarUrl": IMAGES + "/avatars/" + username + ".png",
        "isProvider": True,
        "providerBio": about_trades("provider_bios")[*about, said["provider_bios"]],
        "professionalSummary": about_trades("summaries")[*about, said["summaries"]],
        "skills": _skills(rows),
        "yearsOfExperience": rows.integers("yearsOfExperience", 1, 20),
        "certifications": _certifications(rows),
    }


def _skills(rows: Rows) -> list[list[str]]:
    """The categories of the provider's gigs."""
    offered = [[CATEGORIES[code] for code in trades(rows.position, g)] for g in range(GIGS[1])]
    own = zip(*offered, gig_number(rows), strict=True)
    return [list(every[:number]) for *every, number in own]


def _certifications(rows: Rows) -> list[list[str]]:
    """None, one or two, of the language's list."""
    listed = bank("people", "certifications")[languages(rows.position)]
    number, start = rows.integers("certificates", 0, 2), rows.integers("certifications", 0, 2)
    return [list(row[k : k + n]) for row, k, n in zip(listed, start, number, strict=True)]


@entity(
    table="User",
    key=text_key("by", fan=MANY),
    count=scaled(BUYERS),
    stamped=("updatedAt",),
)
def buyers(rows: Rows) -> Columns:
    """The people who order."""
    name, username = names(rows.position, "", 8), usernames(rows.position, 8, "_b")
    created = ago(rows, rows.uniform("createdAt"), 380, 700)
    return {
        "name": name,
        "email": text(rows.position + 1, prefix="buyer", suffix="@herafi-seed.test"),
        "emailVerified": created + span(rows.uniform("emailVerified"), MINUTE, HOUR),
        "image": IMAGES + "/avatars/" + username + ".png",
        "hashedPassword": LOGIN.hash,
        "createdAt": created,
        "updatedAt": created + span(rows.uniform("updatedAt"), DAY, 60 * DAY),
        "username": username,
        "displayName": name,
        "bio": bank("people", "buyer_bios")[languages(rows.position), rows.position // 2 % 4],
        "avatarUrl": IMAGES + "/avatars/" + username + ".png",
        "isProvider": False,
    }


@entity(
    table="PortfolioImage",
    key=text_key("pi", fan=IMAGES_EACH[1]),
    per=providers,
    count=between(*IMAGES_EACH),
)
def portfolio_images(rows: Rows) -> Columns:
    """Pictures of a provider's work, in their order."""
    number = (rows.position + 1).astype(str).astype(object)
    username = rows.parent.texts("username")
    language, trade = languages(rows.parent.position), trades(rows.parent.position)
    created = rows.parent.times("createdAt")
    shown = np.concatenate([by_category("gigs", "captions"), _captions()], axis=2)
    return {
        "userId": rows.parent.key,
        "imageUrl": IMAGES + "/portfolio/" + username + "-" + number + ".jpg",
        "caption": shown[language, trade, rows.position],
        "order": rows.position,
        "createdAt": created + span(rows.uniform("createdAt"), DAY, 60 * DAY),
    }


def _captions() -> Objects:
    """The last two captions, the same in all categories: shape (2, 13, 2)."""
    return np.repeat(bank("gigs", "captions", "common")[:, None], len(CATEGORIES), axis=1)

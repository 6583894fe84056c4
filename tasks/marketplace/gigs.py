"""Gigs: what providers offer, each in three tiers."""

from __future__ import annotations

import json
from functools import cache

import numpy as np

from seedbed import Columns, Integers, Rows, categorical, counted, entity, text_key
from tasks.marketplace.ledger import GIGS, gig_number, languages, trades
from tasks.marketplace.people import IMAGES, providers
from tasks.marketplace.texts import CATEGORIES, LANGUAGES, Objects, bank, by_category
from tasks.marketplace.times import ago

TIERS = ("basic", "standard", "premium")
OFFERS = 3
"""Titles that every category has to choose from, each with its own first paragraph."""

_DAYS = np.array([[3, 7], [5, 10], [7, 14]])
_REVISIONS = np.array([[0, 1], [1, 2], [2, 4]])
_STEP = 5
"""Prices are multiples of it."""

_CHEAP = ((50, 100), (100, 200), (200, 400))
_MIDDLE = ((75, 150), (150, 300), (300, 600))
_WORKSHOP = ((60, 120), (120, 250), (250, 500))
_DEAR = ((100, 200), (200, 400), (400, 800))
_PRICES = {
    "PLUMBING": _MIDDLE,
    "PAINTING": _DEAR,
    "CLEANING": _CHEAP,
    "CARPENTRY": _WORKSHOP,
    "WELDING": ((80, 150), (150, 300), (300, 600)),
    "ELECTRICAL": _MIDDLE,
    "HVAC": ((100, 200), (200, 500), (500, 1200)),
    "LANDSCAPING": _WORKSHOP,
    "MOVING": _DEAR,
    "CAR_WASHING": ((30, 60), (60, 120), (120, 250)),
    "DIGITAL_DESIGN": ((50, 100), (100, 250), (250, 600)),
    "DIGITAL_WRITING": ((40, 80), (80, 150), (150, 300)),
    "OTHER": _CHEAP,
}
_RANGES = np.array([_PRICES[category] for category in CATEGORIES]) // _STEP
"""Least and most of every category and tier in steps: shape (13, 3, 2)."""


def prices(gigs: Rows) -> Integers:
    """The price of every tier, shape (n, 3); each tier costs more than the one before."""
    least, most = np.moveaxis(_RANGES[_category(gigs)], 2, 0)
    steps = [
        gigs.integers(f"price {tier}", 0, most[:, k] - least[:, k] - 1)
        for k, tier in enumerate(TIERS)
    ]
    found: Integers = (least + np.stack(steps, axis=1)) * _STEP
    return found


def delivery_days(gigs: Rows) -> Integers:
    """The days that every tier takes, shape (n, 3); none less than the one before."""
    drawn = [gigs.integers(f"days {tier}", *_DAYS[k]) for k, tier in enumerate(TIERS)]
    found: Integers = np.maximum.accumulate(np.stack(drawn, axis=1), axis=1)
    return found


def tiers(gigs: Rows) -> Objects:
    """Every tier as JSON, shape (n, 3), complete for the application's validators."""
    drawn = [gigs.integers(f"revisions {tier}", *_REVISIONS[k]) for k, tier in enumerate(TIERS)]
    revisions = np.stack(drawn, axis=1)
    told = _told()[languages(gigs.parent.position), _category(gigs)]
    found: Objects = (
        told
        + ', "price": '
        + _digits(prices(gigs))
        + ', "deliveryDays": '
        + _digits(delivery_days(gigs))
        + ', "revisions": '
        + _digits(revisions)
        + "}"
    )
    return found


@cache
def _told() -> Objects:
    """Name, description and features of every tier as the beginning of its JSON: (2, 13, 3)."""
    described, features = by_category("gigs", "tiers"), by_category("gigs", "features")
    made = np.empty(described.shape, dtype=object)
    for language, category, tier in np.ndindex(*described.shape):
        content = {
            "name": TIERS[tier].capitalize(),
            "description": described[language, category, tier],
            "features": list(features[language, category, : 2 * (tier + 1)]),
        }
        made[language, category, tier] = json.dumps(content, ensure_ascii=False).removesuffix("}")
    return made


def _digits(numbers: Integers) -> Objects:
    return numbers.astype(str).astype(object)


def _category(gigs: Rows) -> Integers:
    return trades(gigs.parent.position, gigs.position)


@cache
def _slugs() -> Objects:
    """The English title of every offer as part of an address: shape (13, 3)."""
    titles = by_category("gigs", "titles")[LANGUAGES.index("en")]
    made = [["-".join(title.lower().replace(",", "").split()) for title in t] for t in titles]
    return np.array(made, dtype=object)


@entity(
    table="Gig",
    key=text_key("gg", fan=GIGS[1]),
    per=providers,
    count=counted(gig_number),
    stamped=("updatedAt",),
)
def gigs(rows: Rows) -> Columns:
    """One to three offers a provider, all 13 categories in every district."""
    language, category = languages(rows.parent.position), _category(rows)
    offer = rows.integers("offer", 0, OFFERS - 1)
    tier = tiers(rows)
    # The number that the key is made of: no two gigs of ours share it, and no one else's has it.
    slug = _slugs()[category, offer] + "-5eed" + _digits(rows.number)
    created = ago(rows, rows.uniform("createdAt"), 380, 440)
    closing = bank("gigs", "closings", "common")[language, rows.integers("closing", 0, 3)]
    return {
        "slug": slug,
        "title": by_category("gigs", "titles")[language, category, offer],
        "description": by_category("gigs", "abouts")[language, category, offer]
        + "\n\n"
        + by_category("gigs", "method")[language, category]
        + "\n\n"
        + closing,
        "category": categorical(category, CATEGORIES),
        "images": np.stack([f"{IMAGES}/gigs/" + slug + f"-{n}.jpg" for n in (1, 2)], 1).tolist(),
        "pricingTiers": '{"basic": '
        + tier[:, 0]
        + ', "standard": '
        + tier[:, 1]
        + ', "premium": '
        + tier[:, 2]
        + "}",
        "providerId": rows.parent.key,
        "isActive": True,
        "createdAt": created,
        "updatedAt": created,
    }

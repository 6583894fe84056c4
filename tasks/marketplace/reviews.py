"""Reviews of completed orders, and the aggregates that follow from all reviews, real ones too."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import Columns, Integers, Rows, Table, counted, entity, nullable, text_key, update
from tasks.marketplace.gigs import gigs
from tasks.marketplace.ledger import buyer_of, customer_of, languages, trades, turns
from tasks.marketplace.orders import orders
from tasks.marketplace.people import buyers, providers
from tasks.marketplace.texts import Objects, bank, by_category
from tasks.marketplace.times import DAY, HOUR, span

FIVES, THREES = 0.25, 0.10
"""Shares of ratings; the rest are fours."""

SILENT = 0.06
"""Reviews without a text: the application allows them."""


def ratings(orders: Rows) -> Integers:
    """Stars whose mean a provider is 3.5 or more, whatever is drawn.

    Only every second review of a provider can be a three, and is one so much the more often; the
    others have four stars or five.
    """
    turn = turns(orders)
    second = turn.place % 2 == 1
    threes = THREES * turn.of / (turn.of // 2)
    share = orders.uniform("rating")
    found: Integers = 4 + (share < FIVES).astype(np.int64) - (second & (share >= 1 - threes))
    return found


def contents(orders: Rows, rating: Integers) -> Objects:
    """A sentence that fits the category, with an ending, an opening, or both.

    No two reviews of a provider are the same: sentences of a category repeat every fifth review
    (every second three), and then in another form.
    """
    provider, turn = orders.parent.parent, turns(orders)
    language = languages(buyer_of(provider, customer_of(orders)))
    about = language, trades(provider.position, orders.parent.position)
    start = provider.integers("sentence", 0, 29)
    praise, fair = by_category("reviews", "praise"), by_category("reviews", "fair")
    good = praise[*about, (turn.place + start) % praise.shape[2]]
    mild = fair[*about, (turn.place // 2 + start) % fair.shape[2]]
    sentence = np.where(rating > 3, good, mild)
    opening = _by_rating(
        "opening", language, rating, turn.place + provider.integers("opening", 0, 5)
    )
    ending = _by_rating("ending", language, rating, turn.place + provider.integers("ending", 0, 5))
    form = (turn.place + provider.integers("form", 0, 2)) % 3
    found: Objects = np.select(
        [form == 0, form == 1],
        [sentence + " " + ending, opening + " " + sentence],
        opening + " " + sentence + " " + ending,
    )
    return found


def _by_rating(part: str, language: Integers, rating: Integers, place: Integers) -> Objects:
    banks = np.stack([bank("reviews", f"{part}_{stars}", "common") for stars in (3, 4, 5)], axis=1)
    found: Objects = banks[language, rating - 3, place % banks.shape[2]]
    return found


@entity(
    table="Review",
    key=text_key("rv", fan=1),
    per=orders,
    count=counted(lambda orders: turns(orders).reviewed),
)
def reviews(rows: Rows) -> Columns:
    """What buyers say about completed orders, in their own language."""
    order = rows.parent
    rating = ratings(order)
    created = order.times("completedAt") + span(rows.uniform("createdAt"), HOUR, 10 * DAY)
    return {
        "buyerId": order["buyerId"],
        "orderId": order.key,
        "providerId": order["providerId"],
        "gigId": order["gigId"],
        "rating": rating,
        "content": nullable(contents(order, rating), ~rows.chance("silent", SILENT)),
        "createdAt": created,
        "updatedAt": created,
    }


# -- aggregates ---------------------------------------------------------------------------------

every_review = reviews.rows("providerId", "gigId", "rating", "createdAt", name="every_review")
held_users = Table("held", "User", ("updatedAt",), after=(providers, buyers))
held_gigs = gigs.rows("updatedAt", name="held")


def _rated(rows: Rows, given: pd.DataFrame, by: str, held: pd.DataFrame) -> Columns:
    """Mean to one decimal, half up, and number of the reviews that name each row in `by`.

    A row was updated no earlier than the latest of them.
    """
    found = given.groupby(by).agg(
        stars=("rating", "sum"), number=("rating", "size"), last=("createdAt", "max")
    )
    own = found.reindex(rows.names)
    stars, number = (own[name].fillna(0).to_numpy(np.int64) for name in ("stars", "number"))
    tenths = (20 * stars + number) // np.maximum(2 * number, 1)
    updated = held.set_index("id")["updatedAt"].reindex(rows.names).to_numpy()
    return {
        "averageRating": tenths / 10,
        "totalReviews": number,
        "updatedAt": np.fmax(updated, own["last"].to_numpy()).astype("datetime64[us]"),
    }


@update(providers, upstream=(every_review, held_users), step="aggregates")
def provider_ratings(rows: Rows, every_review: pd.DataFrame, held: pd.DataFrame) -> Columns:
    """Providers' ratings are those of all their reviews, whoever wrote them."""
    return _rated(rows, every_review, "providerId", held)


@update(buyers, upstream=(every_review, held_users), step="aggregates")
def buyer_ratings(rows: Rows, every_review: pd.DataFrame, held: pd.DataFrame) -> Columns:
    """Buyers have none, unless somebody makes one a provider."""
    return _rated(rows, every_review, "providerId", held)


@update(gigs, upstream=(every_review, held_gigs), step="aggregates")
def gig_ratings(rows: Rows, every_review: pd.DataFrame, held: pd.DataFrame) -> Columns:
    """Gigs' ratings are those of all their reviews, whoever wrote them."""
    return _rated(rows, every_review, "gigId", held)

"""Ledger: how much every provider has to do and with whom, as a function of the provider alone.

So each step knows what the others make without reading it, and a larger scale changes nothing in
the smaller one: providers and buyers come in districts of 15 and 4, and keep to their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seedbed import Integers, Rows
from tasks.marketplace.texts import CATEGORIES

PROVIDERS, BUYERS = 15, 4
"""Of one district; the scale is the number of districts."""

GIGS, ORDERS, REVIEWS = (1, 3), (3, 6), (3, 8)
"""Least and most a provider, a gig, a provider."""

CUSTOMERS = (2, 3)
"""Buyers who order from a provider: two neighbours speak both languages, and the three orders
that every first gig has are enough for one each."""

_RELATED = {
    "PLUMBING": ("HVAC", "WELDING"),
    "PAINTING": ("CARPENTRY", "CLEANING"),
    "CLEANING": ("MOVING", "CAR_WASHING"),
    "CARPENTRY": ("PAINTING", "OTHER"),
    "WELDING": ("LANDSCAPING", "CARPENTRY"),
    "ELECTRICAL": ("HVAC", "OTHER"),
    "HVAC": ("ELECTRICAL", "PLUMBING"),
    "LANDSCAPING": ("MOVING", "WELDING"),
    "MOVING": ("CLEANING", "CAR_WASHING"),
    "CAR_WASHING": ("CLEANING", "MOVING"),
    "DIGITAL_DESIGN": ("DIGITAL_WRITING", "PAINTING"),
    "DIGITAL_WRITING": ("DIGITAL_DESIGN", "OTHER"),
    "OTHER": ("MOVING", "CARPENTRY"),
}
"""What else a person of a trade offers: the second and the third gig."""

_OFFERED = np.array(
    [[CATEGORIES.index(one) for one in (trade, *_RELATED[trade])] for trade in CATEGORIES]
)


def languages(position: Integers) -> Integers:
    """0 (Arabic) and 1 (English) in turn, for providers and for buyers."""
    return position % 2


def trades(position: Integers, place: int | Integers = 0) -> Integers:
    """The category of a provider's gig: their trade first, so that 13 providers cover them all."""
    found: Integers = _OFFERED[position % len(CATEGORIES), place]
    return found


def gig_number(providers: Rows) -> Integers:
    """One to three gigs a provider."""
    return providers.integers("gigs", *GIGS)


@dataclass(frozen=True)
class Ledger:
    """Of n providers: `orders` of each possible gig (n, 3), `customers` and `reviews` (n,)."""

    orders: Integers
    customers: Integers
    reviews: Integers
    first_reviewed: Integers


def ledger(providers: Rows) -> Ledger:
    """What every provider has in number."""
    most = GIGS[1]
    orders = np.stack([providers.integers(f"orders {g}", *ORDERS) for g in range(most)], axis=1)
    orders[np.arange(most) >= gig_number(providers)[:, None]] = 0
    total = orders.sum(axis=1)
    return Ledger(
        orders,
        providers.integers("customers", *CUSTOMERS),
        np.minimum(providers.integers("reviews", *REVIEWS), total),
        providers.integers("first reviewed", 0, total - 1),
    )


def buyer_of(providers: Rows, customer: Integers) -> Integers:
    """The position of a provider's customer (0, 1, …) among all buyers: neighbours in turn."""
    seat = (providers.position + customer) % BUYERS
    found: Integers = providers.position // PROVIDERS * BUYERS + seat
    return found


def customer_of(orders: Rows) -> Integers:
    """Which of the provider's customers ordered: the first gig's first orders are one of each."""
    providers = orders.parent.parent
    customers = providers.integers("customers", *CUSTOMERS)
    first = (orders.parent.position == 0) & (orders.position < customers)
    drawn = orders.integers("customer", 0, customers - 1)
    found: Integers = np.where(first, orders.position, drawn)
    return found


def opens(orders: Rows) -> Integers:
    """1 for the order that a conversation led to: the first of each customer, else 0."""
    customers = orders.parent.parent.integers("customers", *CUSTOMERS)
    first = (orders.parent.position == 0) & (orders.position < customers)
    found: Integers = first.astype(np.int64)
    return found


@dataclass(frozen=True)
class Turn:
    """Of n orders: whether it is reviewed, and as which of the provider's `of` reviews."""

    reviewed: Integers
    place: Integers
    of: Integers


def turns(orders: Rows) -> Turn:
    """A provider's reviews, spread evenly over their orders from a drawn one on.

    Of N orders those are reviewed at which place * R / N passes the next whole number: exactly R.
    """
    held = ledger(orders.parent.parent)
    every = np.arange(len(orders))
    before = (np.cumsum(held.orders, axis=1) - held.orders)[every, orders.parent.position]
    total = held.orders.sum(axis=1)
    place = (before + orders.position + held.first_reviewed) % total * held.reviews
    return Turn((place % total < held.reviews).astype(np.int64), place // total, held.reviews)

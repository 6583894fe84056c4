"""Orders: all of them completed, within the last year and at least thirty days ago."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import Columns, Integers, Rows, categorical, counted, entity, nullable, text_key
from tasks.marketplace.gigs import TIERS, delivery_days, gigs, prices, tiers
from tasks.marketplace.ledger import ORDERS, buyer_of, customer_of, languages, ledger, trades
from tasks.marketplace.people import buyers
from tasks.marketplace.texts import DIGITAL, by_place
from tasks.marketplace.times import DAY, HOUR, MINUTE, Moments, span

OLDEST, NEWEST = 365, 31
"""Days before as_of; after the newest one its work of up to 14 days and a review still fit."""


def placed(orders: Rows) -> Moments:
    """When each order was placed: between noon and nine, after a talk on the same day."""
    days = orders.integers("day", NEWEST, OLDEST).astype("timedelta64[D]")
    day: Moments = (orders.as_of - days).astype("datetime64[us]")
    moments: Moments = day + span(orders.uniform("createdAt"), 12 * HOUR, 21 * HOUR)
    return moments


def order_number(gigs: Rows) -> Integers:
    """Three to six orders a gig."""
    found: Integers = ledger(gigs.parent).orders[np.arange(len(gigs)), gigs.position]
    return found


@entity(
    table="Order",
    key=text_key("or", fan=ORDERS[1]),
    per=gigs,
    count=counted(order_number),
    upstream=(buyers,),
)
def orders(rows: Rows, buyers: pd.DataFrame) -> Columns:
    """What was ordered of a gig, at the price of its tier."""
    gig, provider, every = rows.parent, rows.parent.parent, np.arange(len(rows))
    tier = rows.integers("selectedTier", 0, len(TIERS) - 1)
    buyer = buyer_of(provider, customer_of(rows))
    noted = by_place("messages", "notes")
    place = DIGITAL[trades(provider.position, gig.position)].astype(np.int64)
    days = delivery_days(gig)[every, tier]
    created = placed(rows)
    accepted = created + span(rows.uniform("acceptedAt"), 10 * MINUTE, 3 * HOUR)
    started = accepted + span(rows.uniform("startedAt"), 6 * HOUR, 2 * DAY)
    completed = started + span(rows.uniform("completedAt"), DAY, days * DAY)
    return {
        "buyerId": categorical(buyer, buyers["id"]),
        "providerId": provider.key,
        "gigId": gig.key,
        "selectedTier": categorical(tier, TIERS),
        "tierSnapshot": tiers(gig)[every, tier],
        "totalPrice": prices(gig)[every, tier].astype(np.float64),
        "deliveryNotes": nullable(
            noted[languages(buyer), place, rows.integers("deliveryNotes", 0, noted.shape[2] - 1)],
            rows.chance("has notes", 0.6),
        ),
        "status": "COMPLETED",
        "paymentConfirmed": True,
        "createdAt": created,
        "acceptedAt": accepted,
        "startedAt": started,
        "completedAt": completed,
        "cancelledAt": None,
        "updatedAt": completed,
    }

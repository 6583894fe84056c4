"""narrow: ten million daily statistics, for the benchmark alone.

The statistics of commerce do not grow with the scale, so this dataset has as many as it is
asked for, in the same table, with the same draws. It shares the schema of commerce.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import Columns, Dataset, Rows, entity, money, ratio, scaled, uuid_key
from seedbed.context.datasets import Source, sources
from tasks.commerce import commerce
from tasks.commerce.accounts import sellers
from tasks.commerce.advertising import CAMPAIGNS
from tasks.commerce.statistics import jittered

UNIT = 1000
"""Rows at scale 1."""

DAYS = 100
BASES = np.array(CAMPAIGNS["bases"].to_list(), dtype=np.float64)


@entity(
    table="ad_stats_daily",
    key=uuid_key("0009-0001"),
    count=scaled(UNIT),
    upstream=(sellers,),
)
def statistics(rows: Rows, sellers: pd.DataFrame) -> Columns:
    """A day's figures of an ad: 13 numbers and two dates, no text."""
    base = BASES[rows.position % len(BASES)]
    spend = jittered(rows, "spend", base[:, 0] * 100)
    impressions = jittered(rows, "impressions", base[:, 1])
    clicks = np.minimum(jittered(rows, "link_clicks", base[:, 2]), impressions)
    views = np.minimum(jittered(rows, "content_views", base[:, 3]), clicks)
    checkouts = np.minimum(jittered(rows, "checkout_initiated", base[:, 4]), views)
    purchases = np.minimum(jittered(rows, "purchases", base[:, 5]), checkouts)
    value = np.where(purchases > 0, jittered(rows, "purchase_value", base[:, 6] * 100), 0)
    day = rows.as_of - (rows.position % DAYS).astype("timedelta64[D]")
    return {
        "seller_id": sellers["id"][0],
        "entity_type": "AD",
        "entity_id": rows.key,
        "stat_date": day,
        "spend": money(spend),
        "impressions": impressions,
        "cpm": ratio(spend * 10, impressions, 4),
        "ctr": ratio(clicks * 100, impressions, 4),
        "cpc": ratio(spend, clicks * 100, 4),
        "link_clicks": clicks,
        "content_views": views,
        "add_to_cart": 0,
        "checkout_initiated": checkouts,
        "purchases": purchases,
        "purchase_value": money(value),
        "cost_per_purchase": ratio(spend, purchases * 100, 2),
        "roas": ratio(value, spend, 4),
        "updated_at": day.astype("datetime64[us]"),
    }


narrow = Dataset(name="narrow", folder=commerce.folder, entities=(sellers, statistics))


def register() -> None:
    """Make it known in this process, as a dataset of one's own would be."""
    sources()["narrow"] = Source("narrow", __name__, "tests/benchmarks")

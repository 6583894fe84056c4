"""Daily statistics: windows that roll, values that depend on the entity and the date alone."""

from __future__ import annotations

import numpy as np

from seedbed import Columns, Dates, Floats, Integers, Rows, daily, entity, money, ratio, uuid_key
from tasks.commerce.advertising import CAMPAIGNS, ads, adsets, campaigns
from tasks.commerce.sellpages import sellpages

JITTER = 0.25
ADSET_DAYS, AD_DAYS, SELLPAGE_DAYS = 21, 14, 30

FAN = 1_000_000
"""Numbers a series has: enough for three rows a day until the year 2880."""

_BASES = np.array(CAMPAIGNS["bases"].to_list(), dtype=np.float64)
_DAYS: Integers = CAMPAIGNS["days"].to_numpy(dtype=np.int64)


def jittered(rows: Rows, name: str, base: Floats) -> Integers:
    """The base (shape (n,)) times a jitter of ±25 %, rounded to whole units."""
    return np.rint(base * rows.uniform(name, 1 - JITTER, 1 + JITTER)).astype(np.int64)


def recorded(rows: Rows) -> Dates:
    """When the row was last written: an hour into its day."""
    midnight: Dates = rows.date.astype("datetime64[us]")
    return midnight + np.timedelta64(1, "h")


def performance(rows: Rows, level: str, bases: Floats) -> Columns:
    """The columns of `ad_stats_daily`, from bases of shape (n, 7); see `CAMPAIGNS`.

    Each metric is drawn by itself, then the funnel is closed: none exceeds the one above it.
    """
    spend = jittered(rows, "spend", bases[:, 0] * 100)
    impressions = jittered(rows, "impressions", bases[:, 1])
    clicks = np.minimum(jittered(rows, "link_clicks", bases[:, 2]), impressions)
    views = np.minimum(jittered(rows, "content_views", bases[:, 3]), clicks)
    checkouts = np.minimum(jittered(rows, "checkout_initiated", bases[:, 4]), views)
    purchases = np.minimum(jittered(rows, "purchases", bases[:, 5]), checkouts)
    value = np.where(purchases > 0, jittered(rows, "purchase_value", bases[:, 6] * 100), 0)
    return {
        "seller_id": rows.parent["seller_id"],
        "entity_type": level,
        "entity_id": rows.parent["id"],
        "stat_date": rows.date,
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
        "updated_at": recorded(rows),
    }


def adset_share(adset: Rows) -> Floats:
    """The part of its campaign's figures that an adset has."""
    return adset.uniform("share", 0.28, 0.43)


def campaign_days(campaigns: Rows) -> Integers:
    """The length of each campaign's series."""
    days: Integers = _DAYS[campaigns.position]
    return days


def adset_days(adsets: Rows) -> Integers:
    """The campaign's, at most 21."""
    return np.minimum(_DAYS[adsets.parent.position], ADSET_DAYS)


def ad_days(ads: Rows) -> Integers:
    """The adset's, at most 14."""
    return np.minimum(_DAYS[ads.parent.parent.position], AD_DAYS)


@entity(
    table="ad_stats_daily",
    key=uuid_key("0004-0005", fan=FAN),
    per=campaigns,
    count=daily(campaign_days),
    references={"entity_id": campaigns},
)
def campaign_stats(rows: Rows) -> Columns:
    """One row a day for every campaign."""
    return performance(rows, "CAMPAIGN", _BASES[rows.parent.position])


@entity(
    table="ad_stats_daily",
    key=uuid_key("0004-0006", fan=FAN),
    per=adsets,
    count=daily(adset_days),
    references={"entity_id": adsets},
)
def adset_stats(rows: Rows) -> Columns:
    """One row a day for every adset: its share of the campaign's figures."""
    share = adset_share(rows.parent)
    return performance(rows, "ADSET", _BASES[rows.parent.parent.position] * share[:, None])


@entity(
    table="ad_stats_daily",
    key=uuid_key("0004-0007", fan=FAN),
    per=ads,
    count=daily(ad_days),
    references={"entity_id": ads},
)
def ad_stats(rows: Rows) -> Columns:
    """One row a day for every ad: about half of its adset's figures."""
    ad, adset = rows.parent, rows.parent.parent
    share = adset_share(adset) * ad.uniform("share", 0.45, 0.55)
    return performance(rows, "AD", _BASES[adset.parent.position] * share[:, None])


SOURCES = np.array(["facebook", "instagram", "organic"], dtype=object)
WEIGHTS = np.array([0.55, 0.30, 0.15])
SELLPAGE_BASES = np.array([(320, 9, 45, 240, 160, 25), (210, 6, 32, 165, 110, 16), (0,) * 6])
"""One day's revenue, orders, ad spend, clicks, views and checkouts of each page."""


def published_days(sellpages: Rows) -> Integers:
    """Thirty days for a published page."""
    return np.where(sellpages.texts("status") == "PUBLISHED", SELLPAGE_DAYS, 0)


@entity(
    table="sellpage_stats_daily",
    key=uuid_key("0002-0002", fan=FAN),
    per=sellpages,
    count=daily(published_days, each=len(SOURCES)),
)
def sellpage_stats(rows: Rows) -> Columns:
    """One row a day and traffic source for every published page."""
    source = rows.position % len(SOURCES)
    bases = SELLPAGE_BASES[rows.parent.position] * WEIGHTS[source][:, None]
    revenue = jittered(rows, "revenue", bases[:, 0] * 100)
    paid = np.where(SOURCES[source] == "organic", 0.0, bases[:, 2] * 100)
    spend = jittered(rows, "ad_spend", paid)
    clicks = jittered(rows, "link_clicks", bases[:, 3])
    views = np.minimum(jittered(rows, "content_views", bases[:, 4]), clicks)
    checkouts = np.minimum(jittered(rows, "checkout_initiated", bases[:, 5]), views)
    purchases = np.minimum(jittered(rows, "orders_count", bases[:, 1]), checkouts)
    return {
        "seller_id": rows.parent["seller_id"],
        "sellpage_id": rows.parent["id"],
        "stat_date": rows.date,
        "ad_source": SOURCES[source],
        "revenue": money(np.where(purchases > 0, revenue, 0)),
        "orders_count": purchases,
        "ad_spend": money(spend),
        "roas": ratio(np.where(purchases > 0, revenue, 0), spend, 4),
        "cpm": ratio(spend * 10, clicks, 4),
        "ctr": ratio(purchases * 100, clicks, 4),
        "link_clicks": clicks,
        "content_views": views,
        "add_to_cart": checkouts,
        "checkout_initiated": checkouts,
        "purchases": purchases,
        "cost_per_purchase": ratio(spend, purchases * 100, 2),
        "cr1": ratio(views, clicks, 4),
        "cr2": ratio(checkouts, views, 4),
        "cr3": ratio(purchases, checkouts, 4),
        "updated_at": recorded(rows),
    }

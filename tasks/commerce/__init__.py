"""commerce: the shop portal's staging data.

users ─────────┐
sellers ─┬─────┴─ seller_users
         ├─ seller_settings
         ├─ sellpages ─┬─ orders ─┬─ order_items
         │  (products) │          └─ order_events
         │             ├─ sellpage_stats
         └─ fb_connections ─ campaigns ─┬─ campaign_stats
                                        └─ adsets ─┬─ adset_stats
                                                   └─ ads ─ ad_stats
"""

from pathlib import Path

from seedbed import Dataset
from tasks.commerce.accounts import seller_settings, seller_users, sellers, users
from tasks.commerce.advertising import ads, adsets, campaigns, fb_connections
from tasks.commerce.orders import order_events, order_items, orders
from tasks.commerce.sellpages import sellpages
from tasks.commerce.statistics import ad_stats, adset_stats, campaign_stats, sellpage_stats

commerce = Dataset(
    name="commerce",
    folder=Path(__file__).parent,
    entities=(
        users,
        sellers,
        seller_users,
        seller_settings,
        sellpages,
        orders,
        order_items,
        order_events,
        fb_connections,
        campaigns,
        adsets,
        ads,
        campaign_stats,
        adset_stats,
        ad_stats,
        sellpage_stats,
    ),
)

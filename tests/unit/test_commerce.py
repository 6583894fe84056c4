"""commerce: the sheet's arithmetic, golden rows, and the rules of orders and statistics."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

import bcrypt
import numpy as np
import pandas as pd
import pytest

from seedbed import FixedPoint
from seedbed.declare.entity import Entity
from seedbed.declare.reads import Reader
from seedbed.engine.order import depth, ordered
from seedbed.engine.run import Run
from seedbed.engine.target import chunks, count
from tasks.commerce import commerce
from tasks.commerce.accounts import EMAIL, LOGIN
from tasks.commerce.advertising import CAMPAIGNS
from tasks.commerce.customers import CUSTOMERS
from tasks.commerce.orders import status_shares

TODAY = date(2026, 11, 21)

OFFERS = (
    ("MOUSE-001", 1, "Mouse", 101, "Black", 2999),
    ("MOUSE-001", 1, "Mouse", 102, "White", 2999),
    ("MOUSE-001", 1, "Mouse", 103, "Rose Gold", 3299),
    ("STAND-001", 2, "Stand", 111, "Silver", 3499),
    ("STAND-001", 2, "Stand", 112, "Space Gray", 3799),
    ("DESKPAD-001", 3, "Deskpad", 121, "Black", 2499),
    ("DESKPAD-001", 3, "Deskpad", 122, "Grey", 2499),
    ("DESKPAD-001", 3, "Deskpad", 123, "Pink", 2699),
)

COUNTS = {
    "users": 1,
    "sellers": 1,
    "seller_users": 1,
    "seller_settings": 1,
    "sellpages": 3,
    "orders": 100,
    "order_items": 126,
    "order_events": 277,
    "fb_connections": 1,
    "campaigns": 10,
    "adsets": 30,
    "ads": 60,
    "campaign_stats": 216,
    "adset_stats": 558,
    "ad_stats": 840,
    "sellpage_stats": 180,
}

STATISTICS = ("campaign_stats", "adset_stats", "ad_stats", "sellpage_stats")

HISTORY = {
    "PENDING": ["CREATED"],
    "CONFIRMED": ["CREATED", "CONFIRMED"],
    "PROCESSING": ["CREATED", "CONFIRMED"],
    "SHIPPED": ["CREATED", "CONFIRMED", "SHIPPED"],
    "DELIVERED": ["CREATED", "CONFIRMED", "SHIPPED", "DELIVERED"],
    "CANCELLED": ["CREATED", "CANCELLED"],
    "REFUNDED": ["CREATED", "CONFIRMED", "REFUNDED"],
}

FIRST: dict[str, dict[str, object]] = {
    "users": {
        "id": "00000000-5eed-0001-0001-000000000001",
        "email": "alpha-seller@pixecom.test",
        "password_hash": "$2a$10$YQKLUaPipKRv4EY9OxJf8uQHfmC7MMPX6E7QEKG.s9e61zFl2ZyT6",
        "display_name": "Alpha Seller",
        "avatar_url": None,
        "is_active": True,
        "is_superadmin": False,
        "created_at": "2026-09-22T00:00:00",
        "updated_at": "2026-09-22T00:00:00",
    },
    "sellers": {
        "id": "00000000-5eed-0001-0002-000000000001",
        "name": "Alpha Test Store",
        "slug": "alpha-test-store",
        "logo_url": None,
        "is_active": True,
        "created_at": "2026-09-22T00:00:00",
        "updated_at": "2026-09-22T00:00:00",
    },
    "seller_users": {
        "id": "00000000-5eed-0001-0003-000000000001",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "user_id": "00000000-5eed-0001-0001-000000000001",
        "role": "OWNER",
        "is_active": True,
        "created_at": "2026-09-22T00:00:00",
        "updated_at": "2026-09-22T00:00:00",
    },
    "seller_settings": {
        "id": "00000000-5eed-0001-0004-000000000001",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "brand_name": "Alpha Test Store",
        "default_currency": "USD",
        "timezone": "America/New_York",
        "support_email": "support@alpha-test.example",
        "meta_pixel_id": None,
        "google_analytics_id": None,
        "created_at": "2026-09-22T00:00:00",
        "updated_at": "2026-09-22T00:00:00",
    },
    "sellpages": {
        "id": "00000000-5eed-0002-0001-000000000001",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "product_id": "00000000-0000-0000-0000-000000000001",
        "domain_id": None,
        "slug": "staging-mouse-deal",
        "custom_domain": None,
        "sellpage_type": "SINGLE",
        "status": "PUBLISHED",
        "title_override": "The mouse your wrist has been waiting for",
        "description_override": "A quiet, light mouse that fits the hand. Ships within two days.",
        "seo_title": None,
        "seo_description": None,
        "seo_og_image": None,
        "sections": "[]",
        "header_config": {},
        "footer_config": {},
        "boost_modules": "[]",
        "discount_rules": "[]",
        "created_at": "2026-10-07T00:00:00",
        "updated_at": "2026-10-07T00:00:00",
    },
    "orders": {
        "id": "00000000-5eed-0003-0001-000000000001",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "sellpage_id": "00000000-5eed-0002-0001-000000000001",
        "order_number": "STG-0001",
        "customer_email": "nguyen.van.minh@customers.example",
        "customer_name": "Nguyen Van Minh",
        "customer_phone": "+84 90 555 0101",
        "shipping_address": (
            '{"city": "Hanoi", "country": "VN", "line1": "12 Tran Hung Dao", '
            '"name": "Nguyen Van Minh", "postal_code": "100000"}'
        ),
        "subtotal": "54.98",
        "shipping_cost": "5.00",
        "tax_amount": "2.75",
        "discount_amount": "0.00",
        "total": "62.73",
        "currency": "USD",
        "status": "DELIVERED",
        "payment_method": "paypal",
        "payment_id": "PAY-986491-ALPHA",
        "paid_at": "2026-11-08T11:09:25",
        "tracking_number": "TRK8542196502",
        "tracking_url": "https://track.example/TRK8542196502",
        "notes": None,
        "created_at": "2026-11-08T11:08:25",
        "updated_at": "2026-11-13T11:08:25",
    },
    "order_items": {
        "id": "00000000-5eed-0003-0002-000000000001",
        "order_id": "00000000-5eed-0003-0001-000000000001",
        "product_id": "00000000-0000-0000-0000-000000000003",
        "variant_id": "00000000-0000-0000-0000-000000000121",
        "product_name": "Deskpad",
        "variant_name": "Black",
        "sku": "DESKPAD-001",
        "quantity": 1,
        "unit_price": "24.99",
        "line_total": "24.99",
        "created_at": "2026-11-08T11:08:25",
    },
    "order_events": {
        "id": "00000000-5eed-0003-0003-000000000001",
        "order_id": "00000000-5eed-0003-0001-000000000001",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "event_type": "CREATED",
        "description": "Order placed by the customer",
        "metadata": {"source": "seed"},
        "created_at": "2026-11-08T11:08:25",
        "created_by": None,
    },
    "fb_connections": {
        "id": "00000000-5eed-0004-0001-000000000001",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "connection_type": "AD_ACCOUNT",
        "external_id": "act_staging_test_001",
        "name": "Alpha Staging Ad Account",
        "access_token_enc": None,
        "parent_id": None,
        "is_primary": True,
        "is_active": True,
        "metadata": {},
        "created_at": "2026-09-22T00:00:00",
        "updated_at": "2026-09-22T00:00:00",
    },
    "campaigns": {
        "id": "00000000-5eed-0004-0002-000000000001",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "sellpage_id": "00000000-5eed-0002-0001-000000000001",
        "ad_account_id": "00000000-5eed-0004-0001-000000000001",
        "ad_strategy_id": None,
        "external_campaign_id": "ext_stg_cmp_001",
        "name": "Mouse Flash Sale — Q1",
        "budget": "50.00",
        "budget_type": "DAILY",
        "status": "ACTIVE",
        "delivery_status": "active",
        "start_date": "2026-10-22",
        "end_date": None,
        "created_at": "2026-10-22T00:00:00",
        "updated_at": "2026-10-22T00:00:00",
    },
    "adsets": {
        "id": "00000000-5eed-0004-0003-000000000001",
        "campaign_id": "00000000-5eed-0004-0002-000000000001",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "external_adset_id": "ext_stg_ads_001",
        "name": "Mouse Flash Sale — Q1 — Adset 1",
        "status": "ACTIVE",
        "delivery_status": "active",
        "optimization_goal": "CONVERSIONS",
        "targeting": {
            "age_max": 45,
            "age_min": 25,
            "countries": ["US"],
            "interests": ["remote work"],
        },
        "created_at": "2026-10-22T00:00:00",
        "updated_at": "2026-10-22T00:00:00",
    },
    "ads": {
        "id": "00000000-5eed-0004-0004-000000000001",
        "adset_id": "00000000-5eed-0004-0003-000000000001",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "external_ad_id": "ext_stg_ad_001",
        "name": "Mouse Flash Sale — Q1 — Ad 1",
        "status": "ACTIVE",
        "delivery_status": "active",
        "created_at": "2026-10-22T00:00:00",
        "updated_at": "2026-10-22T00:00:00",
    },
    "campaign_stats": {
        "id": "00000000-5eed-0004-0005-000000020750",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "entity_type": "CAMPAIGN",
        "entity_id": "00000000-5eed-0004-0002-000000000001",
        "stat_date": "2026-10-23",
        "spend": "45.49",
        "impressions": 6386,
        "cpm": "7.1234",
        "ctr": "3.3667",
        "cpc": "0.2116",
        "link_clicks": 215,
        "content_views": 190,
        "add_to_cart": 0,
        "checkout_initiated": 29,
        "purchases": 9,
        "purchase_value": "485.36",
        "cost_per_purchase": "5.05",
        "roas": "10.6696",
        "updated_at": "2026-10-23T01:00:00",
    },
    "adset_stats": {
        "id": "00000000-5eed-0004-0006-000000020759",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "entity_type": "ADSET",
        "entity_id": "00000000-5eed-0004-0003-000000000001",
        "stat_date": "2026-11-01",
        "spend": "15.62",
        "impressions": 2230,
        "cpm": "7.0045",
        "ctr": "3.6771",
        "cpc": "0.1905",
        "link_clicks": 82,
        "content_views": 82,
        "add_to_cart": 0,
        "checkout_initiated": 11,
        "purchases": 5,
        "purchase_value": "154.98",
        "cost_per_purchase": "3.12",
        "roas": "9.9219",
        "updated_at": "2026-11-01T01:00:00",
    },
    "ad_stats": {
        "id": "00000000-5eed-0004-0007-000000020766",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "entity_type": "AD",
        "entity_id": "00000000-5eed-0004-0004-000000000001",
        "stat_date": "2026-11-08",
        "spend": "9.57",
        "impressions": 1110,
        "cpm": "8.6216",
        "ctr": "5.1351",
        "cpc": "0.1679",
        "link_clicks": 57,
        "content_views": 32,
        "add_to_cart": 0,
        "checkout_initiated": 5,
        "purchases": 2,
        "purchase_value": "88.88",
        "cost_per_purchase": "4.79",
        "roas": "9.2874",
        "updated_at": "2026-11-08T01:00:00",
    },
    "sellpage_stats": {
        "id": "00000000-5eed-0002-0002-000000062248",
        "seller_id": "00000000-5eed-0001-0002-000000000001",
        "sellpage_id": "00000000-5eed-0002-0001-000000000001",
        "stat_date": "2026-10-23",
        "ad_source": "facebook",
        "revenue": "187.99",
        "orders_count": 5,
        "ad_spend": "18.95",
        "roas": "9.9203",
        "cpm": "129.7945",
        "ctr": "3.4247",
        "link_clicks": 146,
        "content_views": 104,
        "add_to_cart": 11,
        "checkout_initiated": 11,
        "purchases": 5,
        "cost_per_purchase": "3.79",
        "cr1": "0.7123",
        "cr2": "0.1058",
        "cr3": "0.4545",
        "updated_at": "2026-10-23T01:00:00",
    },
}


Offers = tuple[tuple[str, int, str, int, str, int], ...]


def shop(offers: Offers = OFFERS) -> Reader:
    """The platform's two tables; product and variant ids as in the sheet."""
    products = {
        product: {
            "id": uuid.UUID(f"00000000-0000-0000-0000-{product:012d}"),
            "product_code": code,
            "name": name,
            "sku": code,
            "base_price": Decimal("99.99"),
        }
        for code, product, name, _, _, _ in offers
    }
    variants = [
        {
            "id": uuid.UUID(f"00000000-0000-0000-0000-{variant:012d}"),
            "product_id": uuid.UUID(f"00000000-0000-0000-0000-{product:012d}"),
            "name": name,
            "sku": None,
            "price_override": Decimal(cents) / 100,
            "position": place,
        }
        for place, (_, product, _, variant, name, cents) in enumerate(offers)
    ]
    frames = {
        "products": pd.DataFrame(list(products.values())),
        "product_variants": pd.DataFrame(variants),
    }
    return lambda table: frames[table.table]


def run(*, seed: int = 42, scale: int = 1, as_of: date = TODAY, anchor: date | None = None) -> Run:
    return Run("commerce", seed, as_of, anchor or as_of, scale, read=shop())


def cells(column: object, rows: int) -> list[Any]:
    """A column as plain values: keys, names and moments as text, decimals as `Decimal`."""
    if isinstance(column, FixedPoint):
        return [Decimal(int(units)).scaleb(-column.places) for units in column.units]
    if isinstance(column, pd.Categorical):
        values = [*column.categories, None]
        return [_cell(values[code]) for code in column.codes.tolist()]
    if isinstance(column, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(column).tolist()
        made = cells(column.data, rows)
        return [None if gone else value for gone, value in zip(hidden, made, strict=True)]
    return [
        _cell(value) for value in (column if isinstance(column, np.ndarray) else [column] * rows)
    ]


def _cell(value: Any) -> object:
    if isinstance(value, np.void):
        return str(uuid.UUID(bytes=value.tobytes()))
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[s]") if value.dtype != "datetime64[D]" else value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.generic):
        return value.item()
    return str(value) if isinstance(value, uuid.UUID) else value


def named(name: str) -> Entity:
    (found,) = [one for one in commerce.entities if one.name == name]
    return found


def table(name: str, at: Run) -> Any:
    """All rows of an entity as a DataFrame of plain values (whose types mypy cannot know)."""
    parts = []
    for rows in chunks(named(name), at, 100_000):
        made = {column: cells(value, len(rows)) for column, value in rows.columns.items()}
        parts.append(pd.DataFrame(made, dtype=object))
    return pd.concat(parts, ignore_index=True)


@cache
def golden(name: str) -> Any:
    return table(name, run())


def units(at: Run, name: str, column: str) -> list[int]:
    """A column's exact decimals as integers of the last place."""
    (rows,) = chunks(named(name), at, 100_000)
    value = rows[column]
    assert isinstance(value, FixedPoint)
    return [int(one) for one in value.units]


# -- counts and order -----------------------------------------------------------------------


@pytest.mark.parametrize("name", COUNTS)
def test_every_entity_has_its_count(name: str) -> None:
    assert count(named(name), run()) == len(golden(name)) == COUNTS[name]


def test_the_counts_cover_every_entity() -> None:
    assert [one.name for one in commerce.entities] == list(COUNTS)


def test_the_statistics_have_1614_rows_inside_the_owners_range() -> None:
    rows = sum(len(golden(name)) for name in ("campaign_stats", "adset_stats", "ad_stats"))
    assert rows == 216 + 558 + 840 == 1614
    assert 1600 <= rows <= 2000


def test_scale_grows_orders_alone() -> None:
    at = run(scale=10)
    grown = {one.name: count(one, at) for one in commerce.entities}
    assert grown == COUNTS | {"orders": 1000, "order_items": 1301, "order_events": 2771}


def test_the_order_is_that_of_the_picture() -> None:
    tiers = {one.name: depth(one) for one in commerce.entities}
    assert tiers == {
        "users": 0,
        "sellers": 0,
        "seller_users": 1,
        "seller_settings": 1,
        "sellpages": 1,
        "orders": 2,
        "order_items": 3,
        "order_events": 3,
        "fb_connections": 1,
        "campaigns": 2,
        "adsets": 3,
        "ads": 4,
        "campaign_stats": 3,
        "adset_stats": 4,
        "ad_stats": 5,
        "sellpage_stats": 2,
    }
    assert len(ordered(commerce.entities)) == 16


# -- golden rows ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIRST)
def test_the_first_row_is_that_written_here(name: str) -> None:
    first = golden(name).iloc[0].to_dict()
    shown = {key: str(one) if isinstance(one, Decimal) else one for key, one in first.items()}
    assert shown == FIRST[name]
    assert list(shown) == list(FIRST[name])


def test_the_last_keys_are_those_written_here() -> None:
    assert {name: golden(name)["id"].iloc[-1][9:] for name in COUNTS} == {
        "users": "5eed-0001-0001-000000000001",
        "sellers": "5eed-0001-0002-000000000001",
        "seller_users": "5eed-0001-0003-000000000001",
        "seller_settings": "5eed-0001-0004-000000000001",
        "sellpages": "5eed-0002-0001-000000000003",
        "orders": "5eed-0003-0001-000000000100",
        "order_items": "5eed-0003-0002-000000000199",
        "order_events": "5eed-0003-0003-000000000994",
        "fb_connections": "5eed-0004-0001-000000000001",
        "campaigns": "5eed-0004-0002-000000000010",
        "adsets": "5eed-0004-0003-000000000030",
        "ads": "5eed-0004-0004-000000000060",
        "campaign_stats": "5eed-0004-0005-000009020779",
        "adset_stats": "5eed-0004-0006-000029020779",
        "ad_stats": "5eed-0004-0007-000059020779",
        "sellpage_stats": "5eed-0002-0002-000001062337",
    }


def test_the_first_twelve_statuses_are_those_written_here() -> None:
    assert golden("orders")["status"].head(12).to_list() == [
        "DELIVERED",
        "PENDING",
        "DELIVERED",
        "PROCESSING",
        "CANCELLED",
        "SHIPPED",
        "REFUNDED",
        "DELIVERED",
        "PENDING",
        "DELIVERED",
        "PENDING",
        "DELIVERED",
    ]


def test_another_seed_makes_other_rows_with_the_same_keys() -> None:
    other = table("orders", run(seed=43))
    assert other["id"].to_list() == golden("orders")["id"].to_list()
    assert other["payment_id"].to_list() != golden("orders")["payment_id"].to_list()


@pytest.mark.parametrize("name", COUNTS)
def test_every_key_is_used_once_and_bears_the_mark(name: str) -> None:
    keys = golden(name)["id"]
    assert keys.is_unique
    assert keys.str.fullmatch(r"00000000-5eed-000[1-4]-000[1-7]-[0-9]{12}").all()


def test_no_two_entities_share_a_key_scheme() -> None:
    schemes = [golden(name)["id"].iloc[0][9:23] for name in COUNTS]
    assert len(set(schemes)) == len(schemes) == 16


# -- accounts and pages ---------------------------------------------------------------------


def test_the_stored_hash_is_that_of_the_documented_password() -> None:
    assert (EMAIL, LOGIN.password) == ("alpha-seller@pixecom.test", "AlphaSeed2026!")
    assert bcrypt.checkpw(b"AlphaSeed2026!", LOGIN.hash.encode())
    assert golden("users")["password_hash"].to_list() == [LOGIN.hash]


def test_every_mail_address_lies_in_a_reserved_domain() -> None:
    addresses = [
        *golden("users")["email"],
        *golden("seller_settings")["support_email"],
        *golden("orders")["customer_email"],
    ]
    assert len(addresses) == 102
    assert all(re.fullmatch(r"[a-z.-]+@[a-z.-]+\.(test|example)", one) for one in addresses)


def test_no_text_of_any_row_holds_another_mail_address() -> None:
    for name in COUNTS:
        for value in golden(name).to_numpy().ravel():
            assert "@" not in str(value) or value.endswith((".test", ".example"))


def test_the_pages_sell_one_product_each_and_two_are_published() -> None:
    pages = golden("sellpages")
    assert pages["slug"].to_list() == [
        "staging-mouse-deal",
        "staging-stand-offer",
        "staging-deskpad-promo",
    ]
    assert pages["status"].to_list() == ["PUBLISHED", "PUBLISHED", "DRAFT"]
    assert [key[-1] for key in pages["product_id"]] == ["1", "2", "3"]
    assert pages["title_override"].isna().to_list() == [False, False, True]
    assert pages["description_override"].isna().to_list() == [False, True, True]


def test_there_are_twelve_customers_four_of_them_without_phone() -> None:
    assert len(CUSTOMERS) == CUSTOMERS["email"].nunique() == 12
    assert CUSTOMERS["phone"].isna().sum() == 4
    assert {json.loads(one)["country"] for one in CUSTOMERS["address"]} == {"VN"}


# -- orders ---------------------------------------------------------------------------------


def test_the_status_shares_sum_up_to_1_at_every_age() -> None:
    shares = status_shares()
    assert shares.shape == (30, 7)
    assert shares.min() >= 0
    assert shares.sum(axis=1) == pytest.approx([1.0] * 30)


def test_the_status_shares_are_ninths_over_all_ages() -> None:
    ninths = [1 / 9, 1 / 9, 1 / 9, 1 / 9, 3 / 9, 1 / 9, 1 / 9]
    assert status_shares().mean(axis=0) == pytest.approx(ninths)


def test_a_young_order_has_no_status_that_takes_time() -> None:
    shares = status_shares()
    assert shares[0] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0])
    first_age = [int(np.flatnonzero(column)[0]) for column in shares.T]
    assert first_age == [0, 0, 0, 2, 5, 1, 7]


def test_the_status_counts_are_those_written_here() -> None:
    assert Counter(golden("orders")["status"]) == {
        "DELIVERED": 33,
        "CONFIRMED": 12,
        "CANCELLED": 12,
        "PENDING": 11,
        "SHIPPED": 11,
        "REFUNDED": 11,
        "PROCESSING": 10,
    }


@pytest.mark.parametrize("seed", range(20))
def test_statuses_and_days_stay_within_the_checks_tolerance(seed: int) -> None:
    orders = table("orders", run(seed=seed))
    held = Counter(orders["status"])
    assert 27 <= held["DELIVERED"] <= 40  # 33.3, 4 % of all plus 3 either way
    for status in ("PENDING", "CONFIRMED", "PROCESSING", "SHIPPED", "CANCELLED", "REFUNDED"):
        assert 5 <= held[status] <= 18
    days = Counter(moment[:10] for moment in orders["created_at"])
    assert len(days) == 30
    assert (min(days), max(days)) == ("2026-10-23", "2026-11-21")
    assert max(days.values()) <= 7


@pytest.mark.parametrize("seed", range(21))
def test_nothing_happens_after_as_of(seed: int) -> None:
    at = run(seed=seed, scale=10)
    orders, events = table("orders", at), table("order_events", at)
    moments = [*orders["created_at"], *orders["updated_at"], *events["created_at"]]
    moments += [moment for moment in orders["paid_at"] if moment is not None]
    assert max(moments) < "2026-11-22"
    assert min(moments) >= "2026-10-23T08:00:00"
    hours = {int(moment[11:13]) for moment in orders["created_at"]}
    assert hours == set(range(8, 22))


def test_totals_add_up_for_1000_orders() -> None:
    at = run(scale=10)
    orders = table("orders", at)
    items = table("order_items", at)
    lines = items.groupby("order_id")["line_total"].sum()
    assert (items["line_total"] == items["unit_price"] * items["quantity"]).all()
    assert lines[orders["id"]].to_list() == orders["subtotal"].to_list()
    cent = Decimal("0.01")
    for row in orders.itertuples():
        assert row.tax_amount == (row.subtotal * 5 / 100).quantize(cent, "ROUND_HALF_UP")
        assert row.total == (
            row.subtotal + row.shipping_cost + row.tax_amount - row.discount_amount
        )
    assert set(orders["shipping_cost"]) == {Decimal("0.00"), Decimal("5.00")}
    assert set(orders["discount_amount"]) == {Decimal("0.00"), Decimal("5.00")}


def test_half_a_cent_of_tax_is_rounded_up() -> None:
    cheap = tuple((*offer[:5], 1010) for offer in OFFERS)
    orders = table("orders", Run("commerce", 42, TODAY, TODAY, 1, read=shop(cheap)))
    taxes = {(str(row.subtotal), str(row.tax_amount)) for row in orders.itertuples()}
    assert taxes == {("10.10", "0.51"), ("20.20", "1.01"), ("30.30", "1.52")}


def test_shares_of_1000_orders_are_those_of_the_sheet() -> None:
    at = run(scale=10)
    orders, items = table("orders", at), table("order_items", at)
    assert 270 <= len(items) - 1000 <= 330  # two items in 30 %
    first = items[items["id"].str[-1].isin(list("13579"))]
    second = items[items["id"].str[-1].isin(list("02468"))]
    assert 170 <= (first["quantity"] == 2).sum() <= 230
    assert set(first["quantity"]) == {1, 2}
    assert set(second["quantity"]) == {1}
    assert set(second["variant_name"]) == {"Black", "Silver"}  # the first of each product
    assert len(set(zip(first["product_name"], first["variant_name"], strict=True))) == 8
    assert 270 <= (orders["shipping_cost"] == 0).sum() <= 330
    assert 120 <= (orders["discount_amount"] == 5).sum() <= 180
    assert 670 <= (orders["payment_method"] == "card").sum() <= 730
    assert set(orders["payment_method"]) == {"card", "paypal"}
    assert 450 <= (orders["sellpage_id"].str[-1] == "1").sum() <= 550
    assert set(orders["sellpage_id"].str[-1]) == {"1", "2"}


def test_prices_are_those_of_the_variants() -> None:
    items = table("order_items", run(scale=10))
    prices = {
        (row.product_name, row.variant_name, str(row.unit_price)) for row in items.itertuples()
    }
    assert prices == {
        ("Mouse", "Black", "29.99"),
        ("Mouse", "White", "29.99"),
        ("Mouse", "Rose Gold", "32.99"),
        ("Stand", "Silver", "34.99"),
        ("Stand", "Space Gray", "37.99"),
        ("Deskpad", "Black", "24.99"),
        ("Deskpad", "Grey", "24.99"),
        ("Deskpad", "Pink", "26.99"),
    }


def test_numbers_customers_payments_and_parcels_look_as_in_the_sheet() -> None:
    orders = golden("orders")
    assert orders["order_number"].iloc[[0, 11, 99]].to_list() == [
        "STG-0001",
        "STG-0012",
        "STG-0100",
    ]
    assert orders["customer_name"].to_list()[12:24] == CUSTOMERS["name"].to_list()
    assert orders["payment_id"].str.fullmatch("PAY-[0-9]{6}-ALPHA").all()
    parcel = orders["status"].isin(["SHIPPED", "DELIVERED"])
    assert orders["tracking_number"].notna().to_list() == parcel.to_list()
    assert orders.loc[parcel, "tracking_number"].str.fullmatch("TRK[0-9]{10}").all()
    assert (
        orders.loc[parcel, "tracking_url"]
        == "https://track.example/" + orders.loc[parcel, "tracking_number"]
    ).all()
    assert orders["paid_at"].isna().to_list() == (orders["status"] == "PENDING").to_list()


def test_an_order_has_the_events_of_its_status_and_is_as_old_as_the_last() -> None:
    orders, events = golden("orders"), golden("order_events")
    for row in orders.itertuples():
        own = events[events["order_id"] == row.id]
        assert own["event_type"].to_list() == HISTORY[str(row.status)]
        moments = own["created_at"].to_list()
        assert moments == sorted(set(moments))
        assert (moments[0], moments[-1]) == (row.created_at, row.updated_at)


def test_items_and_events_take_their_numbers_from_their_order() -> None:
    for name, fan in (("order_items", 2), ("order_events", 10)):
        rows = golden(name)
        own, order = rows["id"].str[-12:].astype(int), rows["order_id"].str[-12:].astype(int)
        assert ((own - 1) // fan + 1).to_list() == order.to_list()


def test_more_orders_leave_the_first_hundred_unchanged() -> None:
    for name in ("orders", "order_items", "order_events"):
        larger, first = table(name, run(scale=3)), golden(name)
        assert larger.head(len(first)).equals(first)


def test_a_new_offer_moves_few_items() -> None:
    grown = (*OFFERS[:3], ("MOUSE-001", 1, "Mouse", 104, "Teal", 2999), *OFFERS[3:])
    before = run(scale=10)
    after = Run("commerce", 42, TODAY, TODAY, 10, read=shop(grown))
    old, new = table("order_items", before), table("order_items", after)
    moved = old["variant_id"] != new["variant_id"]
    assert old["id"].to_list() == new["id"].to_list()
    assert old["product_id"].to_list() == new["product_id"].to_list()
    assert 0 < moved.sum() <= len(old) * 2 / 8
    assert "Teal" in set(new["variant_name"])


# -- campaigns ------------------------------------------------------------------------------


def test_campaigns_have_their_names_keys_and_budgets() -> None:
    rows = golden("campaigns")
    found = [
        (row.id[-2:], row.external_campaign_id, row.name, str(row.budget), row.status)
        for row in rows.rename(columns={"name": "title"}).assign(name=rows["name"]).itertuples()
    ]
    assert found == [
        ("01", "ext_stg_cmp_001", "Mouse Flash Sale — Q1", "50.00", "ACTIVE"),
        ("02", "ext_stg_cmp_002", "Mouse Retargeting", "30.00", "ACTIVE"),
        ("03", "ext_stg_cmp_003", "Mouse Lookalike — 1%", "40.00", "PAUSED"),
        ("04", "ext_stg_cmp_004", "Stand Awareness", "35.00", "ACTIVE"),
        ("05", "ext_stg_cmp_005", "Stand Conversions", "60.00", "ACTIVE"),
        ("06", "ext_stg_cmp_006", "Stand Interest — Office", "25.00", "PAUSED"),
        ("07", "ext_stg_cmp_007", "Mouse Brand — Video", "45.00", "ACTIVE"),
        ("08", "ext_stg_cmp_008", "Mouse Broad Audience", "20.00", "ARCHIVED"),
        ("09", "ext_stg_cmp_009", "Stand Broad Audience", "20.00", "ACTIVE"),
        ("10", "ext_stg_cmp_010", "Cross-Sell Bundle Campaign", "55.00", "PAUSED"),
    ]
    assert "".join(key[-1] for key in rows["sellpage_id"]) == "1112221121"
    assert rows["delivery_status"].to_list() == rows["status"].str.lower().to_list()


def test_campaigns_last_10_to_30_days() -> None:
    assert CAMPAIGNS["days"].to_list() == [30, 25, 20, 28, 30, 14, 22, 14, 18, 15]
    assert golden("campaigns")["start_date"].to_list()[:3] == [
        "2026-10-22",
        "2026-10-27",
        "2026-11-01",
    ]


def test_adsets_and_ads_have_their_names_goals_and_states() -> None:
    adsets, ads = golden("adsets"), golden("ads")
    assert adsets["name"].to_list()[3:6] == [
        "Mouse Retargeting — Adset 1",
        "Mouse Retargeting — Adset 2",
        "Mouse Retargeting — Adset 3",
    ]
    assert ads["name"].to_list()[6:12] == [f"Mouse Retargeting — Ad {ad}" for ad in range(1, 7)]
    assert adsets["optimization_goal"].to_list()[:3] == ["CONVERSIONS", "LINK_CLICKS", "REACH"]
    by_campaign = [tuple(adsets["status"][place : place + 3]) for place in range(0, 30, 3)]
    active, paused = ("ACTIVE", "ACTIVE", "PAUSED"), ("PAUSED", "PAUSED", "PAUSED")
    archived = ("ARCHIVED", "ARCHIVED", "ARCHIVED")
    assert by_campaign == [
        active,
        active,
        paused,
        active,
        active,
        paused,
        active,
        archived,
        active,
        paused,
    ]
    assert ads["status"].to_list() == adsets["status"].repeat(2).to_list()
    assert (adsets["external_adset_id"].iloc[29], ads["external_ad_id"].iloc[59]) == (
        "ext_stg_ads_030",
        "ext_stg_ad_060",
    )


# -- statistics -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", STATISTICS)
def test_a_statistic_is_the_same_whenever_it_is_drawn(name: str) -> None:
    later = table(name, run(as_of=date(2026, 11, 25), anchor=TODAY)).set_index("id")
    sooner = golden(name).set_index("id")
    shared = sooner.index.intersection(later.index)
    assert 0.5 < len(shared) / len(sooner) < 1
    assert later.loc[shared].equals(sooner.loc[shared])
    assert (later["stat_date"].max(), sooner["stat_date"].max()) == ("2026-11-25", "2026-11-21")
    gone = set(sooner.index) - set(later.index)
    assert sooner.loc[sorted(gone), "stat_date"].max() <= "2026-11-11"


@pytest.mark.parametrize("name", ["users", "sellpages", "orders", "order_events", "campaigns"])
def test_what_is_no_window_stays_where_the_first_run_put_it(name: str) -> None:
    assert table(name, run(as_of=date(2026, 11, 25), anchor=TODAY)).equals(golden(name))


def test_windows_have_their_lengths() -> None:
    for name, lengths in (
        ("campaign_stats", {14, 15, 18, 20, 22, 25, 28, 30}),
        ("adset_stats", {14, 15, 18, 20, 21}),
        ("ad_stats", {14}),
    ):
        rows = golden(name)
        assert set(rows.groupby("entity_id").size()) == lengths
        assert not rows.duplicated(["entity_id", "stat_date"]).any()
    pages = golden("sellpage_stats")
    assert set(pages.groupby(["sellpage_id", "ad_source"]).size()) == {30}
    assert set(pages["sellpage_id"].str[-1]) == {"1", "2"}


@pytest.mark.parametrize("seed", range(10))
def test_the_funnel_narrows(seed: int) -> None:
    at = run(seed=seed)
    for name in STATISTICS:
        rows = table(name, at)
        steps = ["link_clicks", "content_views", "checkout_initiated", "purchases"]
        for wide, narrow in pairwise(["impressions", *steps] if "impressions" in rows else steps):
            assert (rows[wide] >= rows[narrow]).all()
        assert (rows["purchases"] >= 0).all()
        value = "purchase_value" if "purchase_value" in rows else "revenue"
        assert ((rows["purchases"] > 0) | (rows[value] == 0)).all()


def test_metrics_stay_within_a_quarter_of_their_base() -> None:
    rows = golden("campaign_stats")
    first = rows[rows["entity_id"].str[-2:] == "01"]
    assert Decimal("36.00") <= first["spend"].min() < Decimal("40.00")
    assert Decimal("56.00") < first["spend"].max() <= Decimal("60.00")
    assert 4500 <= first["impressions"].min() < 5000
    assert 7000 < first["impressions"].max() <= 7500


def quotients(over: list[int], under: list[int]) -> list[int]:
    """Whole quotients, half up; 0 by nothing. In Python's own integers."""
    return [
        (2 * up + down) // (2 * down) if down else 0 for up, down in zip(over, under, strict=True)
    ]


def times(column: Any, factor: int) -> list[int]:
    return [int(one) * factor for one in column]


@pytest.mark.parametrize("name", ["campaign_stats", "adset_stats", "ad_stats"])
def test_derived_ad_statistics_match_to_the_last_decimal(name: str) -> None:
    rows, at = golden(name), run()
    spend, value = units(at, name, "spend"), units(at, name, "purchase_value")
    clicks = rows["link_clicks"]
    assert units(at, name, "ctr") == quotients(
        times(clicks, 1_000_000), times(rows["impressions"], 1)
    )
    assert units(at, name, "cpc") == quotients(times(spend, 100), times(clicks, 1))
    assert units(at, name, "cpm") == quotients(times(spend, 100_000), times(rows["impressions"], 1))
    assert units(at, name, "cost_per_purchase") == quotients(spend, times(rows["purchases"], 1))
    assert units(at, name, "roas") == quotients(times(value, 10_000), spend)


def test_derived_sellpage_statistics_match_to_the_last_decimal() -> None:
    rows, at, name = golden("sellpage_stats"), run(), "sellpage_stats"
    revenue, spend = units(at, name, "revenue"), units(at, name, "ad_spend")
    clicks, views = times(rows["link_clicks"], 1), times(rows["content_views"], 1)
    checkouts, purchases = times(rows["checkout_initiated"], 1), times(rows["purchases"], 1)
    assert units(at, name, "roas") == quotients(times(revenue, 10_000), spend)
    assert units(at, name, "cpm") == quotients(times(spend, 100_000), clicks)
    assert units(at, name, "ctr") == quotients(times(purchases, 1_000_000), clicks)
    assert units(at, name, "cost_per_purchase") == quotients(spend, purchases)
    assert units(at, name, "cr1") == quotients(times(views, 10_000), clicks)
    assert units(at, name, "cr2") == quotients(times(checkouts, 10_000), views)
    assert units(at, name, "cr3") == quotients(times(purchases, 10_000), checkouts)
    organic = rows["ad_source"] == "organic"
    assert set(rows.loc[organic, "ad_spend"]) == {Decimal("0.00")}
    assert rows["orders_count"].to_list() == purchases
    assert rows["add_to_cart"].to_list() == checkouts


@pytest.mark.parametrize("seed", range(10))
def test_the_checks_on_money_hold_for_any_seed(seed: int) -> None:
    at = run(seed=seed)
    pages = table("sellpage_stats", at)
    week = pages[(pages["sellpage_id"].str[-1] == "1") & (pages["stat_date"] > "2026-11-14")]
    assert 2 <= week["revenue"].sum() / week["ad_spend"].sum() <= 20
    days = table("campaign_stats", at)
    recent = days[days["stat_date"] > "2026-11-07"]
    mean = recent["roas"].astype(float).groupby(recent["entity_id"]).mean()
    assert len(mean) == 10
    assert 4 <= mean.min() <= mean.max() <= 14

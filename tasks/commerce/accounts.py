"""The person, the seller and what ties them together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import Columns, Login, Rows, entity, uuid_key

EMAIL = "alpha-seller@pixecom.test"
# documented in the README; it opens seeded staging data only
LOGIN = Login("AlphaSeed2026!", hash="$2a$10$YQKLUaPipKRv4EY9OxJf8uQHfmC7MMPX6E7QEKG.s9e61zFl2ZyT6")
"""The hash is bcrypt's, with cost 10."""

FOUNDED = np.timedelta64(60, "D")
"""How long before as_of the seller signed up: before the first order and campaign."""


def founded(rows: Rows) -> np.datetime64:
    """The moment the seller signed up."""
    moment: np.datetime64 = (rows.as_of - FOUNDED).astype("datetime64[us]")
    return moment


@entity(table="users", key=uuid_key("0001-0001"))
def users(rows: Rows) -> Columns:
    """The person who signs in as the staging seller."""
    return {
        "email": EMAIL,
        "password_hash": LOGIN.hash,
        "display_name": "Alpha Seller",
        "avatar_url": None,
        "is_active": True,
        "is_superadmin": False,
        "created_at": founded(rows),
        "updated_at": founded(rows),
    }


@entity(table="sellers", key=uuid_key("0001-0002"))
def sellers(rows: Rows) -> Columns:
    """The staging shop."""
    return {
        "name": "Alpha Test Store",
        "slug": "alpha-test-store",
        "logo_url": None,
        "is_active": True,
        "created_at": founded(rows),
        "updated_at": founded(rows),
    }


@entity(table="seller_users", key=uuid_key("0001-0003", fan=10), per=sellers, upstream=(users,))
def seller_users(rows: Rows, users: pd.DataFrame) -> Columns:
    """The person owns the shop."""
    return {
        "seller_id": rows.parent["id"],
        "user_id": users["id"][0],
        "role": "OWNER",
        "is_active": True,
        "created_at": founded(rows),
        "updated_at": founded(rows),
    }


@entity(table="seller_settings", key=uuid_key("0001-0004", fan=10), per=sellers)
def seller_settings(rows: Rows) -> Columns:
    """Brand, currency and time zone of the shop."""
    return {
        "seller_id": rows.parent["id"],
        "brand_name": rows.parent["name"],
        "default_currency": "USD",
        "timezone": "America/New_York",
        "support_email": "support@alpha-test.example",
        "meta_pixel_id": None,
        "google_analytics_id": None,
        "created_at": founded(rows),
        "updated_at": founded(rows),
    }

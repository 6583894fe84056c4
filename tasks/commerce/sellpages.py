"""The platform's products, which are never ours, and the three pages that sell them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd

from seedbed import Columns, Rows, Table, entity, exactly, uuid_key, view
from tasks.commerce.accounts import sellers

PRODUCT_CODES = ("MOUSE-001", "STAND-001", "DESKPAD-001")


def _product(number: int, code: str, name: str, price: str) -> dict[str, Any]:
    base = Decimal(price)
    return {"id": UUID(int=number), "product_code": code, "name": name, "base_price": base}


def _variant(number: int, product: int, name: str, sku: str, price: str | None) -> dict[str, Any]:
    own = None if price is None else Decimal(price)
    of = {"id": UUID(int=number), "product_id": UUID(int=product)}
    return {**of, "name": name, "sku": sku, "price_override": own, "position": number % 10}


_products = Table(
    "platform products",
    "products",
    ("product_code", "name", "sku", "base_price"),
    required={"product_code": PRODUCT_CODES},
    examples=(
        _product(1, "MOUSE-001", "Quiet Wireless Mouse", "29.99"),
        _product(2, "STAND-001", "Folding Laptop Stand", "34.99"),
        _product(3, "DESKPAD-001", "Felt Desk Pad XL", "24.99"),
    ),
)
_variants = Table(
    "platform variants",
    "product_variants",
    ("product_id", "name", "sku", "price_override", "position"),
    examples=(
        _variant(101, 1, "Black", "MOUSE-001-BLK", None),
        _variant(103, 1, "Rose Gold", "MOUSE-001-RSG", "32.99"),
        _variant(111, 2, "Silver", "STAND-001-SLV", None),
        _variant(121, 3, "Black XL", "DESKPAD-001-BLK-XL", None),
    ),
)


@view(_products, _variants)
def products(products: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame:
    """What can be sold: every variant of the three products, with its price in cents."""
    ours = products[products["product_code"].isin(PRODUCT_CODES)]
    sold = ours.merge(
        variants, how="left", left_on="id", right_on="product_id", suffixes=("", "_variant")
    )
    place = sold["product_code"].map(PRODUCT_CODES.index)
    sold = sold.assign(place=place).sort_values(["place", "position", "id_variant"])
    price = sold["price_override"].where(sold["price_override"].notna(), sold["base_price"])
    return pd.DataFrame(
        {
            "product_code": sold["product_code"],
            "product_id": sold["id"],
            "product_name": sold["name"],
            "variant_id": sold["id_variant"],
            "variant_name": sold["name_variant"],
            "sku": sold["sku_variant"].where(sold["sku_variant"].notna(), sold["sku"]),
            "cents": (price * 100).astype("int64"),
        }
    ).reset_index(drop=True)


PAGES = pd.DataFrame(
    [
        (
            "staging-mouse-deal",
            "PUBLISHED",
            "The mouse your wrist has been waiting for",
            "A quiet, light mouse that fits the hand. Ships within two days.",
        ),
        ("staging-stand-offer", "PUBLISHED", "Lift your laptop, straighten your back", None),
        ("staging-deskpad-promo", "DRAFT", None, None),
    ],
    columns=["slug", "status", "title", "description"],
    dtype=object,
)


@entity(
    table="sellpages",
    key=uuid_key("0002-0001"),
    count=exactly(len(PAGES)),
    upstream=(sellers, products),
)
def sellpages(rows: Rows, sellers: pd.DataFrame, products: pd.DataFrame) -> Columns:
    """One page a product: two published, one draft."""
    page = PAGES.take(rows.position)
    product = products.drop_duplicates("product_code")["product_id"].to_numpy()
    created = (rows.as_of - np.timedelta64(45, "D")).astype("datetime64[us]")
    return {
        "seller_id": sellers["id"][0],
        "product_id": product[rows.position],
        "domain_id": None,
        "slug": page["slug"].to_numpy(),
        "custom_domain": None,
        "sellpage_type": "SINGLE",
        "status": page["status"].to_numpy(),
        "title_override": page["title"].to_numpy(),
        "description_override": page["description"].to_numpy(),
        "seo_title": None,
        "seo_description": None,
        "seo_og_image": None,
        "sections": "[]",
        "header_config": {},
        "footer_config": {},
        "boost_modules": "[]",
        "discount_rules": "[]",
        "created_at": created,
        "updated_at": created,
    }

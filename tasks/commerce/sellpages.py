"""The platform's products, which are never ours, and the three pages that sell them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tasks.commerce.accounts import sellers
from tasks.engine.authoring import Columns, Rows, Source, entity, exactly, uuid_key

PRODUCT_CODES = ("MOUSE-001", "STAND-001", "DESKPAD-001")

products = Source(
    name="products",
    tables=("products", "product_variants"),
    by="product_code",
    required=PRODUCT_CODES,
    query="""
        SELECT p.product_code, p.id AS product_id, p.name AS product_name,
               v.id AS variant_id, v.name AS variant_name, coalesce(v.sku, p.sku) AS sku,
               (coalesce(v.price_override, p.base_price) * 100)::int8 AS cents
        FROM products p LEFT JOIN product_variants v ON v.product_id = p.id
        WHERE p.product_code IN ('MOUSE-001', 'STAND-001', 'DESKPAD-001')
        ORDER BY array_position('{MOUSE-001,STAND-001,DESKPAD-001}', p.product_code::text),
                 v.position, v.id
    """,
)

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

"""shop: customers and what they ordered.

customers ── orders
"""

from pathlib import Path

from seedbed import Dataset
from tasks.shop import customers, orders

shop = Dataset(
    name="shop",
    folder=Path(__file__).parent,
    entities=(customers.customers, orders.orders),
)

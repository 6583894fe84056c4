-- Checks of shop: each query returns the rows that break its rule.

-- name: every_customer_has_ordered
-- Every seeded customer has one to five orders.
SELECT c.id FROM {customers} AS c
WHERE (SELECT count(*) FROM {orders} AS o WHERE o.customer_id = c.id) NOT BETWEEN 1 AND 5

-- name: no_order_is_older_than_its_customer
-- Nobody orders before they came.
SELECT o.id FROM {orders} AS o JOIN customers AS c ON c.id = o.customer_id
WHERE o.placed_at < c.created_at

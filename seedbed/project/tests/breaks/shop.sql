-- What breaks each check of tasks/shop/checks.sql: a check that cannot fail proves nothing.

-- name: every_customer_has_ordered
DELETE FROM orders WHERE customer_id = (SELECT id FROM {customers} AS c ORDER BY id LIMIT 1)

-- name: no_order_is_older_than_its_customer
UPDATE orders SET placed_at = placed_at - interval '10 years'
WHERE id = (SELECT id FROM {orders} AS o ORDER BY id LIMIT 1)

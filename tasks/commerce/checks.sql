-- The owner's nine checks, then the invariants. Each query returns the rows that break its rule.

-- name: the_seller_is_there_once
-- One active seller Alpha Test Store, with its owner and its settings.
SELECT 1 WHERE (
    SELECT count(*) FROM {sellers} AS s
    JOIN {seller_users} AS m ON m.seller_id = s.id AND m.role = 'OWNER'
    JOIN {users} AS u ON u.id = m.user_id AND u.is_active
    JOIN {seller_settings} AS t ON t.seller_id = s.id
    WHERE s.slug = 'alpha-test-store' AND s.is_active) <> 1

-- name: order_statuses_keep_their_shares
-- DELIVERED has a third of the orders, each other status a ninth, within 4 % of all plus 3.
SELECT s.status FROM (VALUES
    ('PENDING', 1), ('CONFIRMED', 1), ('PROCESSING', 1), ('SHIPPED', 1), ('DELIVERED', 3),
    ('CANCELLED', 1), ('REFUNDED', 1)) AS s(status, ninths)
CROSS JOIN (SELECT count(*) AS n FROM {orders} AS o) AS total
LEFT JOIN (SELECT status::text, count(*) AS n FROM {orders} AS o GROUP BY 1) AS held USING (status)
WHERE abs(coalesce(held.n, 0) - total.n * s.ninths / 9.0) > total.n * 0.04 + 3

-- name: every_day_of_the_last_30_has_orders
-- No day without an order, none with twice its share or more.
SELECT day FROM generate_series({anchor}::date - 29, {anchor}::date, '1 day') AS day
LEFT JOIN (SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS n
           FROM {orders} AS o GROUP BY 1) AS held USING (day)
WHERE coalesce(held.n, 0) NOT BETWEEN 1 AND (SELECT count(*) / 15 + 1 FROM {orders} AS o)

-- name: campaigns_adsets_and_ads_are_10_30_and_60
-- Ten campaigns with three adsets of two ads each.
SELECT level FROM (
    SELECT 'campaigns' AS level, count(*) AS n, 10 AS wanted FROM {campaigns} AS c
    UNION ALL SELECT 'adsets', count(*), 30 FROM {adsets} AS c
    UNION ALL SELECT 'ads', count(*), 60 FROM {ads} AS c) AS counted
WHERE n <> wanted

-- name: ad_statistics_hold_1614_rows_in_three_levels
-- 216 for campaigns, 558 for adsets, 840 for ads: 1,614, inside the owner's 1,600 to 2,000.
SELECT level FROM (
    SELECT 'CAMPAIGN' AS level, count(*) AS n, 216 AS wanted FROM {campaign_stats} AS c
    WHERE entity_type = 'CAMPAIGN'
    UNION ALL SELECT 'ADSET', count(*), 558 FROM {adset_stats} AS c WHERE entity_type = 'ADSET'
    UNION ALL SELECT 'AD', count(*), 840 FROM {ad_stats} AS c WHERE entity_type = 'AD') AS counted
WHERE n <> wanted

-- name: sellpage_statistics_have_30_days_per_page_and_source
-- Two published pages times three sources, 30 consecutive days each: 180 rows.
SELECT p.id, s.ad_source
FROM {sellpages} AS p
CROSS JOIN (VALUES ('facebook'), ('instagram'), ('organic')) AS s(ad_source)
LEFT JOIN {sellpage_stats} AS d ON d.sellpage_id = p.id AND d.ad_source = s.ad_source
    AND d.stat_date BETWEEN {as_of}::date - 29 AND {as_of}::date
WHERE p.slug IN ('staging-mouse-deal', 'staging-stand-offer')
GROUP BY 1, 2 HAVING count(d.id) <> 30

-- name: the_first_page_earned_money_in_the_last_7_days
-- Seven-day totals of sellpage 1 are positive and the blended roas lies between 2 and 20.
SELECT 1 WHERE NOT coalesce((
    SELECT sum(revenue) > 0 AND sum(ad_spend) > 0 AND sum(orders_count) > 0
           AND sum(revenue) / nullif(sum(ad_spend), 0) BETWEEN 2 AND 20
    FROM {sellpage_stats} AS d
    WHERE sellpage_id = '00000000-5eed-0002-0001-000000000001'
      AND stat_date > {as_of}::date - 7), false)

-- name: every_campaign_has_a_plausible_mean_roas_over_14_days
-- The mean roas of each campaign over 14 days lies between 4 and 14.
SELECT c.id FROM {campaigns} AS c
LEFT JOIN {campaign_stats} AS d ON d.entity_id = c.id AND d.stat_date > {as_of}::date - 14
GROUP BY 1 HAVING coalesce(avg(d.roas), 0) NOT BETWEEN 4 AND 14

-- name: no_seeded_row_hangs_in_the_air
-- The ninth check, read from the other side: what a reset leaves at zero has no orphan now.
SELECT d.id FROM {campaign_stats} AS d LEFT JOIN {campaigns} AS c ON c.id = d.entity_id
WHERE c.id IS NULL
UNION ALL
SELECT d.id FROM {adset_stats} AS d LEFT JOIN {adsets} AS c ON c.id = d.entity_id WHERE c.id IS NULL
UNION ALL
SELECT d.id FROM {ad_stats} AS d LEFT JOIN {ads} AS c ON c.id = d.entity_id WHERE c.id IS NULL

-- name: order_items_and_events_belong_to_the_order_of_their_number
-- Item 2n-1 and 2n, and events 10n-9 to 10n, hang on order n.
SELECT i.id FROM {order_items} AS i
WHERE right(i.order_id::text, 12)::int8 <> (right(i.id::text, 12)::int8 + 1) / 2
UNION ALL
SELECT e.id FROM {order_events} AS e
WHERE right(e.order_id::text, 12)::int8 <> (right(e.id::text, 12)::int8 + 9) / 10

-- name: every_order_total_adds_up
-- Items sum up to the subtotal; tax is 5 %; total is subtotal + shipping + tax - discount.
SELECT o.id FROM {orders} AS o
LEFT JOIN (SELECT order_id, sum(line_total) AS lines, bool_and(line_total = quantity * unit_price)
           AS multiplied FROM {order_items} AS i GROUP BY 1) AS held ON held.order_id = o.id
WHERE held.lines IS DISTINCT FROM o.subtotal OR NOT held.multiplied
   OR o.tax_amount <> round(o.subtotal * 0.05, 2)
   OR o.total <> o.subtotal + o.shipping_cost + o.tax_amount - o.discount_amount
   OR o.shipping_cost NOT IN (0, 5) OR o.discount_amount NOT IN (0, 5)

-- name: every_order_has_the_events_of_its_status
-- The history of an order is exactly the one that its status tells.
SELECT o.id FROM {orders} AS o
LEFT JOIN {order_events} AS e ON e.order_id = o.id
GROUP BY o.id, o.status
HAVING string_agg(e.event_type::text, ',' ORDER BY e.created_at) IS DISTINCT FROM
    CASE o.status
        WHEN 'PENDING' THEN 'CREATED'
        WHEN 'CONFIRMED' THEN 'CREATED,CONFIRMED'
        WHEN 'PROCESSING' THEN 'CREATED,CONFIRMED'
        WHEN 'SHIPPED' THEN 'CREATED,CONFIRMED,SHIPPED'
        WHEN 'DELIVERED' THEN 'CREATED,CONFIRMED,SHIPPED,DELIVERED'
        WHEN 'CANCELLED' THEN 'CREATED,CANCELLED'
        WHEN 'REFUNDED' THEN 'CREATED,CONFIRMED,REFUNDED' END

-- name: nothing_happens_after_as_of
-- No order, event or statistic lies in the future.
SELECT id FROM {orders} AS o WHERE greatest(created_at, updated_at, paid_at) >= {as_of}::date + 1
UNION ALL SELECT id FROM {order_events} AS e WHERE created_at >= {as_of}::date + 1
UNION ALL SELECT id FROM {campaign_stats} AS d WHERE stat_date > {as_of}
UNION ALL SELECT id FROM {adset_stats} AS d WHERE stat_date > {as_of}
UNION ALL SELECT id FROM {ad_stats} AS d WHERE stat_date > {as_of}
UNION ALL SELECT id FROM {sellpage_stats} AS d WHERE stat_date > {as_of}

-- name: the_funnel_narrows
-- Impressions, clicks, views, checkouts, purchases: none exceeds the one before it.
SELECT id FROM (
    SELECT * FROM {campaign_stats} AS c UNION ALL SELECT * FROM {adset_stats} AS c
    UNION ALL SELECT * FROM {ad_stats} AS c) AS d
WHERE NOT (impressions >= link_clicks AND link_clicks >= content_views
           AND content_views >= checkout_initiated AND checkout_initiated >= purchases
           AND purchases >= 0 AND (purchases > 0 OR purchase_value = 0))
UNION ALL
SELECT id FROM {sellpage_stats} AS d
WHERE NOT (link_clicks >= content_views AND content_views >= checkout_initiated
           AND checkout_initiated >= purchases AND purchases = orders_count
           AND add_to_cart = checkout_initiated)

-- name: derived_ad_statistics_match_to_the_last_decimal
-- ctr, cpc, cpm, cost per purchase and roas follow from the stored columns.
SELECT id FROM (
    SELECT * FROM {campaign_stats} AS c UNION ALL SELECT * FROM {adset_stats} AS c
    UNION ALL SELECT * FROM {ad_stats} AS c) AS d
WHERE ctr <> coalesce(round(link_clicks::numeric / nullif(impressions, 0) * 100, 4), 0)
   OR cpc <> coalesce(round(spend / nullif(link_clicks, 0), 4), 0)
   OR cpm <> coalesce(round(spend * 1000 / nullif(impressions, 0), 4), 0)
   OR cost_per_purchase <> coalesce(round(spend / nullif(purchases, 0), 2), 0)
   OR roas <> coalesce(round(purchase_value / nullif(spend, 0), 4), 0)

-- name: derived_sellpage_statistics_match_to_the_last_decimal
-- roas, cpm, ctr, cost per purchase and the conversion rates follow from the stored columns.
SELECT id FROM {sellpage_stats} AS d
WHERE roas <> coalesce(round(revenue / nullif(ad_spend, 0), 4), 0)
   OR cpm <> coalesce(round(ad_spend * 1000 / nullif(link_clicks, 0), 4), 0)
   OR ctr <> coalesce(round(purchases::numeric * 100 / nullif(link_clicks, 0), 4), 0)
   OR cost_per_purchase <> coalesce(round(ad_spend / nullif(purchases, 0), 2), 0)
   OR cr1 <> coalesce(round(content_views::numeric / nullif(link_clicks, 0), 4), 0)
   OR cr2 <> coalesce(round(checkout_initiated::numeric / nullif(content_views, 0), 4), 0)
   OR cr3 <> coalesce(round(purchases::numeric / nullif(checkout_initiated, 0), 4), 0)
   OR (ad_source = 'organic' AND (ad_spend <> 0 OR roas <> 0 OR cpm <> 0))

-- name: every_address_lies_in_a_reserved_domain
-- Staging never mails a person: .test and .example only.
SELECT id FROM {users} AS u WHERE email !~ '\.(test|example)$'
UNION ALL SELECT id FROM {orders} AS o WHERE customer_email !~ '\.(test|example)$'
UNION ALL SELECT id FROM {seller_settings} AS s WHERE support_email !~ '\.(test|example)$'

-- name: the_documented_login_has_its_hash
-- A bcrypt hash of cost 10 is stored; a unit test holds it against the documented password.
SELECT id FROM {users} AS u WHERE coalesce(password_hash, '') !~ '^\$2a\$10\$[./A-Za-z0-9]{{53}}$'

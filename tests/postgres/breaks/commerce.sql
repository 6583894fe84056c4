-- What breaks each check of commerce: at least one statement a check, or one a clause of it.
-- `{orders}` stands for the entity's own rows, `{as_of}` and `{anchor}` for the run's dates.

-- name: the_seller_is_there_once
UPDATE sellers SET is_active = false WHERE id IN (SELECT id FROM {sellers} AS s)

-- name: the_seller_is_there_once
DELETE FROM seller_settings WHERE id IN (SELECT id FROM {seller_settings} AS s)

-- name: the_seller_is_there_once
UPDATE seller_users SET role = 'VIEWER' WHERE id IN (SELECT id FROM {seller_users} AS s)

-- name: order_statuses_keep_their_shares
UPDATE orders SET status = 'PENDING'
WHERE id IN (SELECT id FROM {orders} AS o WHERE status <> 'PENDING' ORDER BY id LIMIT 20)

-- name: every_day_of_the_last_30_has_orders
UPDATE orders SET created_at = created_at - interval '1 day'
WHERE id IN (SELECT id FROM {orders} AS o
             WHERE (created_at AT TIME ZONE 'UTC')::date = {anchor}::date - 3)

-- name: campaigns_adsets_and_ads_are_10_30_and_60
DELETE FROM campaigns WHERE id = (SELECT id FROM {campaigns} AS c LIMIT 1)

-- name: campaigns_adsets_and_ads_are_10_30_and_60
DELETE FROM adsets WHERE id = (SELECT id FROM {adsets} AS a LIMIT 1)

-- name: campaigns_adsets_and_ads_are_10_30_and_60
DELETE FROM ads WHERE id = (SELECT id FROM {ads} AS a LIMIT 1)

-- name: ad_statistics_hold_1614_rows_in_three_levels
DELETE FROM ad_stats_daily WHERE id = (SELECT id FROM {campaign_stats} AS d LIMIT 1)

-- name: ad_statistics_hold_1614_rows_in_three_levels
DELETE FROM ad_stats_daily WHERE id = (SELECT id FROM {adset_stats} AS d LIMIT 1)

-- name: ad_statistics_hold_1614_rows_in_three_levels
UPDATE ad_stats_daily SET entity_type = 'ADSET'
WHERE id = (SELECT id FROM {ad_stats} AS d LIMIT 1)

-- name: sellpage_statistics_have_30_days_per_page_and_source
DELETE FROM sellpage_stats_daily WHERE id = (SELECT id FROM {sellpage_stats} AS d LIMIT 1)

-- name: the_first_page_earned_money_in_the_last_7_days
UPDATE sellpage_stats_daily SET revenue = 0
WHERE sellpage_id = '00000000-5eed-0002-0001-000000000001'

-- name: the_first_page_earned_money_in_the_last_7_days
DELETE FROM sellpage_stats_daily WHERE sellpage_id = '00000000-5eed-0002-0001-000000000001'

-- name: every_campaign_has_a_plausible_mean_roas_over_14_days
UPDATE ad_stats_daily SET roas = 100
WHERE entity_id = (SELECT id FROM {campaigns} AS c ORDER BY id LIMIT 1)

-- name: no_seeded_row_hangs_in_the_air
DELETE FROM campaigns WHERE id = (SELECT id FROM {campaigns} AS c LIMIT 1)

-- name: no_seeded_row_hangs_in_the_air
DELETE FROM adsets WHERE id = (SELECT id FROM {adsets} AS a LIMIT 1)

-- name: no_seeded_row_hangs_in_the_air
DELETE FROM ads WHERE id = (SELECT id FROM {ads} AS a LIMIT 1)

-- name: order_items_and_events_belong_to_the_order_of_their_number
UPDATE order_items SET order_id = (SELECT max(id::text)::uuid FROM {orders} AS o)
WHERE id = (SELECT min(id::text)::uuid FROM {order_items} AS i)

-- name: order_items_and_events_belong_to_the_order_of_their_number
UPDATE order_events SET order_id = (SELECT max(id::text)::uuid FROM {orders} AS o)
WHERE id = (SELECT min(id::text)::uuid FROM {order_events} AS e)

-- name: every_order_total_adds_up
UPDATE orders SET total = total + 0.01 WHERE id = (SELECT id FROM {orders} AS o LIMIT 1)

-- name: every_order_total_adds_up
UPDATE orders SET tax_amount = tax_amount + 0.01, total = total + 0.01
WHERE id = (SELECT id FROM {orders} AS o LIMIT 1)

-- name: every_order_total_adds_up
UPDATE order_items SET quantity = quantity + 1
WHERE id = (SELECT id FROM {order_items} AS i LIMIT 1)

-- name: every_order_total_adds_up
DELETE FROM order_items WHERE id = (SELECT id FROM {order_items} AS i LIMIT 1)

-- name: every_order_has_the_events_of_its_status
DELETE FROM order_events WHERE id = (SELECT id FROM {order_events} AS e LIMIT 1)

-- name: every_order_has_the_events_of_its_status
UPDATE orders SET status = 'CANCELLED'
WHERE id = (SELECT id FROM {orders} AS o WHERE status = 'DELIVERED' LIMIT 1)

-- name: nothing_happens_after_as_of
UPDATE orders SET updated_at = {as_of}::date + 1
WHERE id = (SELECT id FROM {orders} AS o LIMIT 1)

-- name: nothing_happens_after_as_of
UPDATE order_events SET created_at = {as_of}::date + 1
WHERE id = (SELECT id FROM {order_events} AS e LIMIT 1)

-- name: nothing_happens_after_as_of
UPDATE ad_stats_daily SET stat_date = {as_of}::date + 1
WHERE id = (SELECT id FROM {ad_stats} AS d LIMIT 1)

-- name: nothing_happens_after_as_of
UPDATE sellpage_stats_daily SET stat_date = {as_of}::date + 1
WHERE id = (SELECT id FROM {sellpage_stats} AS d LIMIT 1)

-- name: the_funnel_narrows
UPDATE ad_stats_daily SET purchases = checkout_initiated + 1
WHERE id = (SELECT id FROM {adset_stats} AS d LIMIT 1)

-- name: the_funnel_narrows
UPDATE ad_stats_daily SET purchases = 0, purchase_value = 1
WHERE id = (SELECT id FROM {campaign_stats} AS d LIMIT 1)

-- name: the_funnel_narrows
UPDATE sellpage_stats_daily SET content_views = link_clicks + 1
WHERE id = (SELECT id FROM {sellpage_stats} AS d LIMIT 1)

-- name: derived_ad_statistics_match_to_the_last_decimal
UPDATE ad_stats_daily SET ctr = ctr + 0.0001
WHERE id = (SELECT id FROM {campaign_stats} AS d LIMIT 1)

-- name: derived_ad_statistics_match_to_the_last_decimal
UPDATE ad_stats_daily SET spend = spend + 1 WHERE id = (SELECT id FROM {ad_stats} AS d LIMIT 1)

-- name: derived_sellpage_statistics_match_to_the_last_decimal
UPDATE sellpage_stats_daily SET cr1 = cr1 + 0.0001
WHERE id = (SELECT id FROM {sellpage_stats} AS d LIMIT 1)

-- name: derived_sellpage_statistics_match_to_the_last_decimal
UPDATE sellpage_stats_daily SET ad_spend = 1
WHERE id = (SELECT id FROM {sellpage_stats} AS d WHERE ad_source = 'organic' LIMIT 1)

-- name: every_address_lies_in_a_reserved_domain
UPDATE users SET email = 'person@mail.invalid' WHERE id IN (SELECT id FROM {users} AS u)

-- name: every_address_lies_in_a_reserved_domain
UPDATE orders SET customer_email = 'person@mail.invalid'
WHERE id = (SELECT id FROM {orders} AS o LIMIT 1)

-- name: every_address_lies_in_a_reserved_domain
UPDATE seller_settings SET support_email = 'person@mail.invalid'
WHERE id IN (SELECT id FROM {seller_settings} AS s)

-- name: the_documented_login_has_its_hash
UPDATE users SET password_hash = 'AlphaSeed2026!' WHERE id IN (SELECT id FROM {users} AS u)

-- name: the_documented_login_has_its_hash
UPDATE users SET password_hash = NULL WHERE id IN (SELECT id FROM {users} AS u)

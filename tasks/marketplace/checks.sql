-- The decisions of the sheet, then the rules that the application's schema leaves open. Each query
-- returns the rows that break its rule. All rules are about our own rows, except that aggregates
-- count everybody's reviews.

-- name: every_district_has_its_providers_and_buyers
-- Fifteen providers and four buyers a district.
SELECT kind FROM (
    SELECT 'providers' AS kind, count(*) AS n, 15 * {scale} AS wanted FROM {providers} AS u
    WHERE "isProvider"
    UNION ALL
    SELECT 'buyers', count(*), 4 * {scale} FROM {buyers} AS u WHERE NOT "isProvider") AS counted
WHERE n <> wanted

-- name: half_of_the_people_have_arabic_names
-- Arabic and English names in equal number, one more or less where the number is odd.
SELECT kind FROM (
    SELECT 'providers' AS kind, "name" FROM {providers} AS u
    UNION ALL SELECT 'buyers', "name" FROM {buyers} AS u) AS people
GROUP BY kind
HAVING abs(count(*) - 2 * count(*) FILTER (WHERE "name" ~ '^[ء-ي]+ [ء-ي]+$')) > 1
    OR bool_or("name" IS NULL OR "name" !~ '^([ء-ي]+ [ء-ي]+|[A-Za-z]+ [A-Za-z]+)$')

-- name: every_username_is_ascii
-- Lower-case letters, a dot, and the number that makes it unique.
SELECT "id" FROM {providers} AS u WHERE coalesce("username", '') !~ '^[a-z]+\.[a-z]+[0-9]+$'
UNION ALL
SELECT "id" FROM {buyers} AS u WHERE coalesce("username", '') !~ '^[a-z]+\.[a-z]+_b[0-9]+$'

-- name: every_portfolio_has_3_to_6_images_in_order
-- Numbered from 0 without a gap.
SELECT u."id" FROM {providers} AS u
LEFT JOIN {portfolio_images} AS i ON i."userId" = u."id"
GROUP BY 1
HAVING count(i."id") NOT BETWEEN 3 AND 6 OR min(i."order") <> 0
    OR max(i."order") <> count(i."id") - 1 OR count(DISTINCT i."order") <> count(i."id")

-- name: every_provider_has_1_to_3_gigs
-- Each of another category.
SELECT u."id" FROM {providers} AS u
LEFT JOIN {gigs} AS g ON g."providerId" = u."id"
GROUP BY 1
HAVING count(g."id") NOT BETWEEN 1 AND 3 OR count(DISTINCT g."category") <> count(g."id")

-- name: every_category_has_a_gig
-- All thirteen, as often as there are districts or more.
SELECT c FROM unnest(enum_range(NULL::"Category")) AS c
LEFT JOIN {gigs} AS g ON g."category" = c AND g."isActive"
GROUP BY 1 HAVING count(g."id") < {scale}

-- name: every_gig_has_3_to_6_completed_orders
-- All orders are completed and paid.
SELECT g."id" FROM {gigs} AS g
LEFT JOIN {orders} AS o ON o."gigId" = g."id"
GROUP BY 1
HAVING count(*) FILTER (WHERE o."status" = 'COMPLETED' AND o."paymentConfirmed"
                        AND o."cancelledAt" IS NULL) NOT BETWEEN 3 AND 6
    OR count(*) FILTER (WHERE o."status" <> 'COMPLETED') > 0

-- name: every_provider_has_3_to_8_reviews
-- But no more than completed orders.
SELECT u."id" FROM {providers} AS u
LEFT JOIN {orders} AS o ON o."providerId" = u."id" AND o."status" = 'COMPLETED'
LEFT JOIN {reviews} AS r ON r."orderId" = o."id"
GROUP BY 1 HAVING count(r."id") NOT BETWEEN 3 AND least(8, count(o."id"))

-- name: every_provider_mean_lies_between_3_5_and_5
-- The mean of our own reviews.
SELECT u."id" FROM {providers} AS u
JOIN {reviews} AS r ON r."providerId" = u."id"
GROUP BY 1 HAVING avg(r."rating") NOT BETWEEN 3.5 AND 5.0

-- name: aggregates_equal_what_all_reviews_say
-- Mean to one decimal, and number, over everybody's reviews; 0 where there is none.
SELECT u."id" FROM (
    SELECT * FROM {providers} AS u UNION ALL SELECT * FROM {buyers} AS u) AS u
LEFT JOIN (SELECT "providerId", round(avg("rating"), 1)::float8 AS mean, count(*) AS n
           FROM "Review" GROUP BY 1) AS r ON r."providerId" = u."id"
WHERE u."averageRating" <> coalesce(r.mean, 0) OR u."totalReviews" <> coalesce(r.n, 0)
UNION ALL
SELECT g."id" FROM {gigs} AS g
LEFT JOIN (SELECT "gigId", round(avg("rating"), 1)::float8 AS mean, count(*) AS n
           FROM "Review" GROUP BY 1) AS r ON r."gigId" = g."id"
WHERE g."averageRating" <> coalesce(r.mean, 0) OR g."totalReviews" <> coalesce(r.n, 0)

-- name: nobody_was_updated_before_the_last_review
-- A row that counts a review is no older than that.
SELECT u."id" FROM {providers} AS u JOIN "Review" AS r ON r."providerId" = u."id"
WHERE u."updatedAt" < r."createdAt"
UNION ALL
SELECT g."id" FROM {gigs} AS g JOIN "Review" AS r ON r."gigId" = g."id"
WHERE g."updatedAt" < r."createdAt"

-- name: every_skill_is_the_category_of_an_own_gig
-- And every category of the provider's gigs is a skill.
SELECT u."id" FROM {providers} AS u
LEFT JOIN {gigs} AS g ON g."providerId" = u."id"
GROUP BY u."id", u."skills"
HAVING coalesce(array_agg(g."category"::text ORDER BY g."category"::text), '{{}}')
    IS DISTINCT FROM (SELECT array_agg(s ORDER BY s) FROM unnest(u."skills") AS s)

-- name: every_profile_is_complete
-- What a profile page shows; a career is 1 to 20 years long.
SELECT "id" FROM {providers} AS u
WHERE coalesce(length("providerBio"), 0) < 50 OR coalesce(length("professionalSummary"), 0) < 10
   OR coalesce(length("bio"), 0) < 10 OR "displayName" IS DISTINCT FROM "name"
   OR coalesce("yearsOfExperience", 0) NOT BETWEEN 1 AND 20
   OR "avatarUrl" IS NULL OR "emailVerified" IS NULL

-- name: every_gig_has_three_complete_tiers
-- basic, standard and premium, each with all that the application's validators want.
SELECT g."id" FROM {gigs} AS g
CROSS JOIN (VALUES ('basic'), ('standard'), ('premium')) AS t(tier)
CROSS JOIN LATERAL (SELECT g."pricingTiers" -> t.tier AS j) AS own
WHERE coalesce(jsonb_typeof(j), '') <> 'object'
   OR j ->> 'name' IS DISTINCT FROM initcap(t.tier)
   OR coalesce(jsonb_typeof(j -> 'price'), '') <> 'number' OR (j ->> 'price')::numeric <= 0
   OR coalesce(length(j ->> 'description'), 0) NOT BETWEEN 10 AND 200
   OR coalesce(j ->> 'deliveryDays', '') !~ '^[0-9]+$'
   OR (j ->> 'deliveryDays')::int NOT BETWEEN 1 AND 365
   OR coalesce(j ->> 'revisions', '') !~ '^[0-9]{{1,2}}$'
   OR coalesce(jsonb_typeof(j -> 'features'), '') <> 'array'
   OR jsonb_array_length(j -> 'features') NOT BETWEEN 1 AND 10
   OR jsonb_path_exists(j, '$.features[*] ? (@.type() != "string")')
   OR (SELECT count(*) FROM jsonb_object_keys(g."pricingTiers")) <> 3

-- name: every_tier_is_worth_more_than_the_one_before
-- It costs more and takes no less time.
SELECT "id" FROM {gigs} AS g
CROSS JOIN LATERAL jsonb_to_record("pricingTiers") AS t(basic jsonb, standard jsonb, premium jsonb)
WHERE NOT coalesce(basic -> 'price' < standard -> 'price'
                   AND standard -> 'price' < premium -> 'price'
                   AND basic -> 'deliveryDays' <= standard -> 'deliveryDays'
                   AND standard -> 'deliveryDays' <= premium -> 'deliveryDays', false)

-- name: every_text_has_the_length_that_the_application_wants
-- Titles 10 to 100 characters, descriptions 50 to 5,000, reviews 10 to 1,000 or none.
SELECT "id" FROM {gigs} AS g
WHERE length("title") NOT BETWEEN 10 AND 100 OR length("description") NOT BETWEEN 50 AND 5000
UNION ALL SELECT "id" FROM {reviews} AS r WHERE length("content") NOT BETWEEN 10 AND 1000
UNION ALL SELECT "id" FROM {messages} AS m WHERE length("content") NOT BETWEEN 1 AND 1000
UNION ALL SELECT "id" FROM {portfolio_images} AS i
WHERE coalesce(length("caption"), 0) NOT BETWEEN 1 AND 200

-- name: every_text_is_in_the_language_of_whoever_wrote_it
-- Gigs in their provider's, reviews and messages in their buyer's language.
SELECT g."id" FROM {gigs} AS g JOIN "User" AS u ON u."id" = g."providerId"
WHERE (u."name" ~ '[ء-ي]') <> (g."title" ~ '[ء-ي]')
   OR (u."name" ~ '[ء-ي]') <> (g."description" ~ '[ء-ي]')
UNION ALL
SELECT r."id" FROM {reviews} AS r JOIN "User" AS u ON u."id" = r."buyerId"
WHERE (u."name" ~ '[ء-ي]') <> (r."content" ~ '[ء-ي]')
UNION ALL
SELECT m."id" FROM {messages} AS m
JOIN {conversations} AS c ON c."id" = m."conversationId"
JOIN {buyers} AS u ON u."id" = ANY(c."participantIds")
WHERE (u."name" ~ '[ء-ي]') <> (m."content" ~ '[ء-ي]')

-- name: no_two_reviews_of_a_provider_are_the_same
-- A person who reads a profile sees different voices.
SELECT "providerId" FROM {reviews} AS r WHERE "content" IS NOT NULL
GROUP BY "providerId", "content" HAVING count(*) > 1

-- name: every_slug_is_an_address_with_our_mark
-- So that no gig of others can have it.
SELECT "id" FROM {gigs} AS g WHERE "slug" !~ '^[a-z]+(-[a-z]+)*-5eed[0-9]+$'

-- name: every_rating_lies_between_1_and_5
-- In whole stars.
SELECT "id" FROM {reviews} AS r WHERE "rating" NOT BETWEEN 1 AND 5

-- name: nobody_buys_from_themselves
-- Buyers are buyers, and the provider is somebody else.
SELECT o."id" FROM {orders} AS o
LEFT JOIN {buyers} AS b ON b."id" = o."buyerId"
WHERE o."buyerId" = o."providerId" OR b."id" IS NULL

-- name: every_order_is_of_its_gig
-- Provider, tier and price are those of the gig.
SELECT o."id" FROM {orders} AS o
JOIN "Gig" AS g ON g."id" = o."gigId"
WHERE o."providerId" <> g."providerId" OR o."selectedTier" NOT IN ('basic', 'standard', 'premium')
   OR o."tierSnapshot" IS DISTINCT FROM g."pricingTiers" -> o."selectedTier"
   OR o."totalPrice" <> (o."tierSnapshot" ->> 'price')::float8

-- name: every_review_is_of_its_order
-- By its buyer, of its provider and gig, and the order is completed.
SELECT r."id" FROM {reviews} AS r
JOIN "Order" AS o ON o."id" = r."orderId"
WHERE (r."buyerId", r."providerId", r."gigId") IS DISTINCT FROM
      (o."buyerId", o."providerId", o."gigId")
   OR o."status" <> 'COMPLETED'

-- name: every_pair_with_an_order_has_one_conversation
-- Of a buyer and a provider whom the buyer ordered from: two ids, sorted.
SELECT o."buyerId" FROM {orders} AS o
LEFT JOIN {conversations} AS c
    ON c."participantIds" = ARRAY[least(o."buyerId", o."providerId"),
                                  greatest(o."buyerId", o."providerId")]
GROUP BY o."buyerId", o."providerId" HAVING count(DISTINCT c."id") <> 1
UNION ALL
SELECT c."id" FROM {conversations} AS c
WHERE NOT EXISTS (
    SELECT FROM {orders} AS o
    WHERE c."participantIds" = ARRAY[least(o."buyerId", o."providerId"),
                                     greatest(o."buyerId", o."providerId")])

-- name: every_conversation_has_6_to_8_messages_by_both
-- Of the two participants, and the last one is known.
SELECT c."id" FROM {conversations} AS c
LEFT JOIN {messages} AS m ON m."conversationId" = c."id"
GROUP BY c."id", c."participantIds", c."lastMessageAt"
HAVING count(m."id") NOT BETWEEN 6 AND 8
    OR NOT coalesce(c."participantIds" @> array_agg(m."senderId")
                    AND count(DISTINCT m."senderId") = 2
                    AND c."lastMessageAt" >= max(m."createdAt"), false)

-- name: every_order_moves_forward
-- Placed, accepted, started, completed: at least an hour's and a day's way apart in the end.
SELECT "id" FROM {orders} AS o
WHERE NOT coalesce("createdAt" < "acceptedAt" AND "acceptedAt" < "startedAt"
                   AND "startedAt" + interval '1 day' <= "completedAt"
                   AND "completedAt" <= "updatedAt", false)

-- name: every_order_was_delivered_in_time
-- Within the days of its tier, and placed in the year before the anchor.
SELECT "id" FROM {orders} AS o
WHERE NOT coalesce("completedAt" - "startedAt" <=
                   ("tierSnapshot" ->> 'deliveryDays')::int * interval '1 day', false)
   OR "createdAt" NOT BETWEEN {anchor}::date - 365 AND {anchor}::date - 30

-- name: no_row_is_older_than_what_it_belongs_to
-- Pictures and gigs than their provider, orders than gig and buyer, reviews than the completion.
SELECT i."id" FROM {portfolio_images} AS i JOIN "User" AS u ON u."id" = i."userId"
WHERE i."createdAt" < u."createdAt"
UNION ALL
SELECT g."id" FROM {gigs} AS g JOIN "User" AS u ON u."id" = g."providerId"
WHERE g."createdAt" < u."createdAt" OR g."updatedAt" < g."createdAt"
UNION ALL
SELECT o."id" FROM {orders} AS o
JOIN "Gig" AS g ON g."id" = o."gigId" JOIN "User" AS u ON u."id" = o."buyerId"
WHERE o."createdAt" < greatest(g."createdAt", u."createdAt")
UNION ALL
SELECT r."id" FROM {reviews} AS r JOIN "Order" AS o ON o."id" = r."orderId"
WHERE r."createdAt" < o."completedAt" OR r."updatedAt" < r."createdAt"
UNION ALL
SELECT m."id" FROM {messages} AS m JOIN "Conversation" AS c ON c."id" = m."conversationId"
WHERE m."createdAt" < c."createdAt" OR m."readAt" < m."createdAt"

-- name: nothing_happens_after_as_of
-- No moment of ours lies in the future.
SELECT "id" FROM {providers} AS u WHERE greatest("createdAt", "emailVerified") > {as_of}::date
UNION ALL
SELECT "id" FROM {buyers} AS u WHERE greatest("createdAt", "emailVerified") > {as_of}::date
UNION ALL SELECT "id" FROM {portfolio_images} AS i WHERE "createdAt" > {as_of}::date
UNION ALL SELECT "id" FROM {gigs} AS g WHERE "createdAt" > {as_of}::date
UNION ALL
SELECT "id" FROM {orders} AS o
WHERE greatest("createdAt", "acceptedAt", "startedAt", "completedAt", "updatedAt") > {as_of}::date
UNION ALL
SELECT "id" FROM {reviews} AS r WHERE greatest("createdAt", "updatedAt") > {as_of}::date
UNION ALL SELECT "id" FROM {conversations} AS c WHERE "createdAt" > {as_of}::date
UNION ALL
SELECT "id" FROM {messages} AS m WHERE greatest("createdAt", "readAt") > {as_of}::date

-- name: every_address_lies_in_the_reserved_domain
-- Mail to people and pictures: nothing of it can reach anybody.
SELECT "id" FROM {providers} AS u WHERE "email" !~ '^provider[0-9]+@herafi-seed\.test$'
    OR "avatarUrl" !~ '^https://images\.herafi-seed\.test/' OR "image" <> "avatarUrl"
UNION ALL
SELECT "id" FROM {buyers} AS u WHERE "email" !~ '^buyer[0-9]+@herafi-seed\.test$'
    OR "avatarUrl" !~ '^https://images\.herafi-seed\.test/' OR "image" <> "avatarUrl"
UNION ALL
SELECT "id" FROM {portfolio_images} AS i
WHERE "imageUrl" !~ '^https://images\.herafi-seed\.test/'
UNION ALL
SELECT "id" FROM {gigs} AS g
WHERE coalesce(cardinality("images"), 0) = 0
   OR EXISTS (SELECT FROM unnest("images") AS url
              WHERE url !~ '^https://images\.herafi-seed\.test/')

-- name: the_documented_login_has_its_hash
-- A bcrypt hash of cost 10 is stored; a unit test holds it against the documented password.
SELECT "id" FROM (
    SELECT * FROM {providers} AS u UNION ALL SELECT * FROM {buyers} AS u) AS u
WHERE coalesce("hashedPassword", '') !~ '^\$2a\$10\$[./A-Za-z0-9]{{53}}$'

-- One statement for every way in which a check can fail; each is undone again.

-- name: every_district_has_its_providers_and_buyers
DELETE FROM "User" WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: every_district_has_its_providers_and_buyers
UPDATE "User" SET "isProvider" = true WHERE "id" = (SELECT min("id") FROM {buyers} AS u)

-- name: half_of_the_people_have_arabic_names
UPDATE "User" SET "name" = 'Jane Doe'
WHERE "id" IN (SELECT "id" FROM {providers} AS u WHERE "name" !~ '^[A-Za-z ]+$' LIMIT 2)

-- name: half_of_the_people_have_arabic_names
UPDATE "User" SET "name" = 'Jane' WHERE "id" = (SELECT max("id") FROM {buyers} AS u)

-- name: every_username_is_ascii
UPDATE "User" SET "username" = "name" WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: every_username_is_ascii
UPDATE "User" SET "username" = NULL WHERE "id" = (SELECT min("id") FROM {buyers} AS u)

-- name: every_portfolio_has_3_to_6_images_in_order
DELETE FROM "PortfolioImage" WHERE "userId" = (SELECT min("id") FROM {providers} AS u)

-- name: every_portfolio_has_3_to_6_images_in_order
UPDATE "PortfolioImage" SET "order" = "order" + 1
WHERE "userId" = (SELECT min("id") FROM {providers} AS u)

-- name: every_portfolio_has_3_to_6_images_in_order
UPDATE "PortfolioImage" SET "order" = 0
WHERE "userId" = (SELECT min("id") FROM {providers} AS u) AND "order" = 1

-- name: every_provider_has_1_to_3_gigs
DELETE FROM "Gig" WHERE "providerId" = (SELECT min("id") FROM {providers} AS u)

-- name: every_provider_has_1_to_3_gigs
UPDATE "Gig" SET "category" = 'OTHER', "providerId" = (SELECT min("id") FROM {providers} AS u)
WHERE "id" IN (SELECT "id" FROM {gigs} AS g LIMIT 3)

-- name: every_category_has_a_gig
UPDATE "Gig" SET "category" = 'OTHER' WHERE "category" = 'MOVING'

-- name: every_category_has_a_gig
UPDATE "Gig" SET "isActive" = false WHERE "category" = 'WELDING'

-- name: every_gig_has_3_to_6_completed_orders
UPDATE "Order" SET "status" = 'PENDING' WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_gig_has_3_to_6_completed_orders
UPDATE "Order" SET "gigId" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_gig_has_3_to_6_completed_orders
UPDATE "Order" SET "paymentConfirmed" = false
WHERE "gigId" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_provider_has_3_to_8_reviews
DELETE FROM "Review" WHERE "providerId" = (SELECT min("id") FROM {providers} AS u)

-- name: every_provider_has_3_to_8_reviews
UPDATE "Order" SET "providerId" = (SELECT min("id") FROM {providers} AS u)
WHERE "id" IN (SELECT "orderId" FROM {reviews} AS r)

-- name: every_provider_mean_lies_between_3_5_and_5
UPDATE "Review" SET "rating" = 3 WHERE "providerId" = (SELECT min("id") FROM {providers} AS u)

-- name: aggregates_equal_what_all_reviews_say
UPDATE "User" SET "totalReviews" = "totalReviews" + 1
WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: aggregates_equal_what_all_reviews_say
UPDATE "User" SET "averageRating" = "averageRating" + 0.1
WHERE "id" = (SELECT max("id") FROM {providers} AS u)

-- name: aggregates_equal_what_all_reviews_say
UPDATE "User" SET "totalReviews" = 1 WHERE "id" = (SELECT min("id") FROM {buyers} AS u)

-- name: aggregates_equal_what_all_reviews_say
UPDATE "Gig" SET "averageRating" = 1.5 WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: aggregates_equal_what_all_reviews_say
INSERT INTO "Review"
    ("id", "buyerId", "orderId", "providerId", "gigId", "rating", "updatedAt")
SELECT 'a-real-review', "buyerId", "id", "providerId", "gigId", 1, {anchor}::date - 1
FROM {orders} AS o WHERE "id" NOT IN (SELECT "orderId" FROM "Review") LIMIT 1

-- name: nobody_was_updated_before_the_last_review
UPDATE "User" SET "updatedAt" = "createdAt" WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: nobody_was_updated_before_the_last_review
UPDATE "Gig" SET "updatedAt" = "createdAt"
WHERE "id" = (SELECT min("gigId") FROM {reviews} AS r)

-- name: every_skill_is_the_category_of_an_own_gig
UPDATE "User" SET "skills" = array_append("skills", 'JUGGLING')
WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: every_skill_is_the_category_of_an_own_gig
UPDATE "User" SET "skills" = NULL WHERE "id" = (SELECT max("id") FROM {providers} AS u)

-- name: every_profile_is_complete
UPDATE "User" SET "providerBio" = NULL WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: every_profile_is_complete
UPDATE "User" SET "yearsOfExperience" = 21 WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: every_gig_has_three_complete_tiers
UPDATE "Gig" SET "pricingTiers" = "pricingTiers" - 'standard'
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_gig_has_three_complete_tiers
UPDATE "Gig" SET "pricingTiers" = "pricingTiers" #- '{{premium,features}}'
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_gig_has_three_complete_tiers
UPDATE "Gig" SET "pricingTiers" = "pricingTiers" #- '{{basic,revisions}}'
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_gig_has_three_complete_tiers
UPDATE "Gig" SET "pricingTiers" = jsonb_set("pricingTiers", '{{basic,price}}', '0')
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_gig_has_three_complete_tiers
UPDATE "Gig" SET "pricingTiers" = jsonb_set("pricingTiers", '{{basic,deliveryDays}}', '366')
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_gig_has_three_complete_tiers
UPDATE "Gig" SET "pricingTiers" = jsonb_set("pricingTiers", '{{basic,name}}', '"Small"')
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_gig_has_three_complete_tiers
UPDATE "Gig" SET "pricingTiers" = jsonb_set("pricingTiers", '{{basic,description}}', '"Short"')
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_gig_has_three_complete_tiers
UPDATE "Gig" SET "pricingTiers" = jsonb_set("pricingTiers", '{{basic,features,0}}', '7')
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_tier_is_worth_more_than_the_one_before
UPDATE "Gig"
SET "pricingTiers" = jsonb_set("pricingTiers", '{{basic,price}}', "pricingTiers" #> '{{premium,price}}')
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_tier_is_worth_more_than_the_one_before
UPDATE "Gig" SET "pricingTiers" = jsonb_set("pricingTiers", '{{premium,deliveryDays}}', '1')
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_text_has_the_length_that_the_application_wants
UPDATE "Gig" SET "title" = 'Short' WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_text_has_the_length_that_the_application_wants
UPDATE "Gig" SET "description" = repeat('x', 5001) WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_text_has_the_length_that_the_application_wants
UPDATE "Review" SET "content" = 'Good' WHERE "id" = (SELECT min("id") FROM {reviews} AS r)

-- name: every_text_has_the_length_that_the_application_wants
UPDATE "Message" SET "content" = '' WHERE "id" = (SELECT min("id") FROM {messages} AS m)

-- name: every_text_has_the_length_that_the_application_wants
UPDATE "PortfolioImage" SET "caption" = NULL
WHERE "id" = (SELECT min("id") FROM {portfolio_images} AS i)

-- name: every_text_is_in_the_language_of_whoever_wrote_it
UPDATE "Gig" SET "title" = 'A title in English' WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_text_is_in_the_language_of_whoever_wrote_it
UPDATE "Review" SET "content" = 'شكرًا, thank you'
WHERE "buyerId" = (SELECT min("id") FROM {buyers} AS b WHERE "name" ~ '^[A-Za-z ]+$')

-- name: every_text_is_in_the_language_of_whoever_wrote_it
UPDATE "Message" SET "content" = 'Thank you' WHERE "id" = (SELECT min("id") FROM {messages} AS m)

-- name: no_two_reviews_of_a_provider_are_the_same
UPDATE "Review" SET "content" = 'The same words again.'

-- name: every_slug_is_an_address_with_our_mark
UPDATE "Gig" SET "slug" = 'leak-repair' WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_rating_lies_between_1_and_5
UPDATE "Review" SET "rating" = 0 WHERE "id" = (SELECT min("id") FROM {reviews} AS r)

-- name: every_rating_lies_between_1_and_5
UPDATE "Review" SET "rating" = 6 WHERE "id" = (SELECT max("id") FROM {reviews} AS r)

-- name: nobody_buys_from_themselves
UPDATE "Order" SET "buyerId" = "providerId" WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_order_is_of_its_gig
UPDATE "Order" SET "providerId" = (SELECT max("id") FROM {providers} AS u)
WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_order_is_of_its_gig
UPDATE "Order" SET "selectedTier" = 'deluxe' WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_order_is_of_its_gig
UPDATE "Order" SET "tierSnapshot" = '{{}}' WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_order_is_of_its_gig
UPDATE "Order" SET "totalPrice" = "totalPrice" + 1 WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_review_is_of_its_order
UPDATE "Review" SET "buyerId" = (SELECT max("id") FROM {providers} AS u)
WHERE "id" = (SELECT min("id") FROM {reviews} AS r)

-- name: every_review_is_of_its_order
UPDATE "Review" SET "gigId" = (SELECT max("id") FROM {gigs} AS g)
WHERE "id" = (SELECT min("id") FROM {reviews} AS r)

-- name: every_review_is_of_its_order
UPDATE "Order" SET "status" = 'CANCELLED' WHERE "id" = (SELECT min("orderId") FROM {reviews} AS r)

-- name: every_pair_with_an_order_has_one_conversation
DELETE FROM "Conversation" WHERE "id" = (SELECT min("id") FROM {conversations} AS c)

-- name: every_pair_with_an_order_has_one_conversation
UPDATE "Conversation" SET "participantIds" = ARRAY["participantIds"[2], "participantIds"[1]]
WHERE "id" = (SELECT min("id") FROM {conversations} AS c)

-- name: every_pair_with_an_order_has_one_conversation
UPDATE "Conversation" SET "participantIds" = ARRAY["participantIds"[1]]
WHERE "id" = (SELECT min("id") FROM {conversations} AS c)

-- name: every_conversation_has_6_to_8_messages_by_both
DELETE FROM "Message" WHERE "conversationId" = (SELECT min("id") FROM {conversations} AS c)

-- name: every_conversation_has_6_to_8_messages_by_both
UPDATE "Message" SET "senderId" = (SELECT max("id") FROM {providers} AS u)
WHERE "id" = (SELECT min("id") FROM {messages} AS m)

-- name: every_conversation_has_6_to_8_messages_by_both
UPDATE "Message" AS m SET "senderId" = c."participantIds"[1] FROM "Conversation" AS c
WHERE c."id" = m."conversationId" AND c."id" = (SELECT min("id") FROM {conversations} AS c)

-- name: every_conversation_has_6_to_8_messages_by_both
UPDATE "Conversation" SET "lastMessageAt" = "createdAt"
WHERE "id" = (SELECT min("id") FROM {conversations} AS c)

-- name: every_order_moves_forward
UPDATE "Order" SET "acceptedAt" = "createdAt" - interval '1 second'
WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_order_moves_forward
UPDATE "Order" SET "startedAt" = NULL WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_order_moves_forward
UPDATE "Order" SET "completedAt" = "startedAt" + interval '23 hours'
WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_order_was_delivered_in_time
UPDATE "Order" SET "completedAt" = "startedAt" + interval '15 days'
WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: every_order_was_delivered_in_time
UPDATE "Order" SET "createdAt" = {anchor}::date - 29
WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: no_row_is_older_than_what_it_belongs_to
UPDATE "PortfolioImage" SET "createdAt" = '2000-01-01'
WHERE "id" = (SELECT min("id") FROM {portfolio_images} AS i)

-- name: no_row_is_older_than_what_it_belongs_to
UPDATE "Gig" SET "createdAt" = '2000-01-01' WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: no_row_is_older_than_what_it_belongs_to
UPDATE "Order" SET "createdAt" = '2000-01-01' WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: no_row_is_older_than_what_it_belongs_to
UPDATE "Review" SET "createdAt" = '2000-01-01' WHERE "id" = (SELECT min("id") FROM {reviews} AS r)

-- name: no_row_is_older_than_what_it_belongs_to
UPDATE "Message" SET "createdAt" = '2000-01-01' WHERE "id" = (SELECT min("id") FROM {messages} AS m)

-- name: no_row_is_older_than_what_it_belongs_to
UPDATE "Message" SET "readAt" = "createdAt" - interval '1 second'
WHERE "id" = (SELECT min("id") FROM {messages} AS m)

-- name: nothing_happens_after_as_of
UPDATE "User" SET "emailVerified" = {as_of}::date + 2
WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: nothing_happens_after_as_of
UPDATE "User" SET "createdAt" = {as_of}::date + 2
WHERE "id" = (SELECT min("id") FROM {buyers} AS u)

-- name: nothing_happens_after_as_of
UPDATE "PortfolioImage" SET "createdAt" = {as_of}::date + 2
WHERE "id" = (SELECT min("id") FROM {portfolio_images} AS i)

-- name: nothing_happens_after_as_of
UPDATE "Gig" SET "createdAt" = {as_of}::date + 2 WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: nothing_happens_after_as_of
UPDATE "Order" SET "completedAt" = {as_of}::date + 2
WHERE "id" = (SELECT min("id") FROM {orders} AS o)

-- name: nothing_happens_after_as_of
UPDATE "Review" SET "createdAt" = {as_of}::date + 2
WHERE "id" = (SELECT min("id") FROM {reviews} AS r)

-- name: nothing_happens_after_as_of
UPDATE "Conversation" SET "createdAt" = {as_of}::date + 2
WHERE "id" = (SELECT min("id") FROM {conversations} AS c)

-- name: nothing_happens_after_as_of
UPDATE "Message" SET "createdAt" = {as_of}::date + 2
WHERE "id" = (SELECT min("id") FROM {messages} AS m)

-- name: every_address_lies_in_the_reserved_domain
UPDATE "User" SET "email" = 'provider1@mail.invalid'
WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: every_address_lies_in_the_reserved_domain
UPDATE "User" SET "email" = 'buyer1@herafi-seed.test.mail.invalid'
WHERE "id" = (SELECT min("id") FROM {buyers} AS u)

-- name: every_address_lies_in_the_reserved_domain
UPDATE "User" SET "avatarUrl" = 'https://mail.invalid/a.png'
WHERE "id" = (SELECT min("id") FROM {providers} AS u)

-- name: every_address_lies_in_the_reserved_domain
UPDATE "PortfolioImage" SET "imageUrl" = 'https://mail.invalid/a.png'
WHERE "id" = (SELECT min("id") FROM {portfolio_images} AS i)

-- name: every_address_lies_in_the_reserved_domain
UPDATE "Gig" SET "images" = array_append("images", 'https://mail.invalid/a.png')
WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: every_address_lies_in_the_reserved_domain
UPDATE "Gig" SET "images" = '{{}}' WHERE "id" = (SELECT min("id") FROM {gigs} AS g)

-- name: the_documented_login_has_its_hash
UPDATE "User" SET "hashedPassword" = NULL WHERE "id" = (SELECT min("id") FROM {buyers} AS u)

-- name: the_documented_login_has_its_hash
UPDATE "User" SET "hashedPassword" = 'HerafiSeed2026!'
WHERE "id" = (SELECT min("id") FROM {providers} AS u)

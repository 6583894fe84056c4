-- What breaks each check of therapy: at least one statement a check, or one a clause of it.
-- `{messages}` stands for the entity's own rows, `{as_of}` and `{anchor}` for the run's
-- dates, and the name of a requirement for its number. What breaks a minimum leaves one row less
-- than it, so that a check that asks for less would pass.

-- name: every_client_has_enough_memberships
DELETE FROM "Membership" WHERE "id" IN (
    SELECT "id" FROM "Membership" WHERE "userId" = (SELECT min("userId") FROM "Client")
    OFFSET {client_memberships} - 1)

-- name: every_client_has_enough_posts
DELETE FROM "Post" WHERE "id" IN (
    SELECT "id" FROM "Post" WHERE "userId" = (SELECT min("userId") FROM "Client")
    OFFSET {client_posts} - 1)

-- name: every_client_has_enough_posts
WITH person AS (
    INSERT INTO "User" ("id", "email", "firstName", "lastName", "updatedAt")
    VALUES ('a-real-client', 'real@mail.invalid', 'Real', 'Client', {as_of}::date)
    RETURNING "id")
INSERT INTO "Client" ("userId") SELECT "id" FROM person

-- name: every_client_has_enough_comments
DELETE FROM "Comment" WHERE "id" IN (
    SELECT "id" FROM "Comment" WHERE "userId" = (SELECT min("userId") FROM "Client")
    OFFSET {client_comments} - 1)

-- name: every_client_has_enough_hearts
DELETE FROM "PostHeart" WHERE "id" IN (
    SELECT "id" FROM "PostHeart" WHERE "userId" = (SELECT min("userId") FROM "Client")
    OFFSET {client_hearts} - 1)

-- name: every_client_has_enough_conversations
DELETE FROM "ConversationParticipant" WHERE "id" IN (
    SELECT "id" FROM "ConversationParticipant"
    WHERE "userId" = (SELECT min("userId") FROM "Client")
    OFFSET {client_conversations} - 1)

-- name: every_client_has_enough_assessments
DELETE FROM "PreAssessment" WHERE "id" IN (
    SELECT "id" FROM "PreAssessment" WHERE "clientId" = (SELECT min("userId") FROM "Client")
    OFFSET {client_assessments} - 1)

-- name: every_client_with_a_therapist_has_enough_meetings
DELETE FROM "Meeting" WHERE "id" IN (
    SELECT "id" FROM "Meeting" WHERE "clientId" = (
        SELECT min("clientId") FROM "ClientTherapist" WHERE "status" = 'active')
    OFFSET {client_meetings} - 1)

-- name: every_client_who_completed_a_meeting_has_enough_reviews
DELETE FROM "Review" WHERE "id" IN (
    SELECT "id" FROM "Review" WHERE "clientId" = (SELECT min("clientId") FROM "Review")
    OFFSET {client_reviews} - 1)

-- name: every_client_has_enough_notifications
DELETE FROM "Notification" WHERE "id" IN (
    SELECT "id" FROM "Notification" WHERE "userId" = (SELECT min("userId") FROM "Client")
    OFFSET {client_notifications} - 1)

-- name: every_client_has_enough_payment_methods
INSERT INTO "PaymentMethod" ("id", "userId", "updatedAt")
SELECT rpad('c5eedpy', 25, '0'), min("userId"), {as_of}::date FROM "Moderator"

-- name: every_client_has_enough_payment_methods
INSERT INTO "PaymentMethod" ("id", "userId", "isDefault", "updatedAt")
SELECT rpad('c5eedpy', 25, digit), min("userId"), true, {as_of}::date
FROM "Client", (VALUES ('0'), ('00000000000000001')) AS two(digit) GROUP BY digit

-- name: every_therapist_has_enough_memberships
DELETE FROM "Membership" WHERE "id" IN (
    SELECT "id" FROM "Membership" WHERE "userId" = (SELECT min("userId") FROM "Therapist")
    OFFSET {therapist_memberships} - 1)

-- name: every_therapist_has_enough_clients
DELETE FROM "ClientTherapist" WHERE "id" IN (
    SELECT "id" FROM "ClientTherapist"
    WHERE "therapistId" = (SELECT min("userId") FROM "Therapist")
    OFFSET {therapist_relationships} - 1)

-- name: every_therapist_has_enough_clients
INSERT INTO "Therapist"
SELECT (jsonb_populate_record(t, '{{"userId": "a-real-therapist"}}')).*
FROM "Therapist" AS t LIMIT 1

-- name: every_therapist_has_enough_days
DELETE FROM "TherapistAvailability" WHERE "id" IN (
    SELECT "id" FROM "TherapistAvailability"
    WHERE "therapistId" = (SELECT min("userId") FROM "Therapist")
    OFFSET {therapist_availability} - 1)

-- name: every_therapist_has_enough_days
UPDATE "TherapistAvailability" SET "isAvailable" = false
WHERE "id" = (SELECT min("id") FROM "TherapistAvailability")

-- name: every_therapist_has_enough_days
UPDATE "TherapistAvailability" SET "dayOfWeek" = '6', "startTime" = "id"
WHERE "therapistId" = (SELECT min("userId") FROM "Therapist")

-- name: every_therapist_has_enough_posts
DELETE FROM "Post" WHERE "id" IN (
    SELECT "id" FROM "Post" WHERE "userId" = (SELECT min("userId") FROM "Therapist")
    OFFSET {therapist_posts} - 1)

-- name: every_therapist_has_enough_comments
DELETE FROM "Comment" WHERE "id" IN (
    SELECT "id" FROM "Comment" WHERE "userId" = (SELECT min("userId") FROM "Therapist")
    OFFSET {therapist_comments} - 1)

-- name: every_therapist_has_enough_meetings
DELETE FROM "Meeting" WHERE "id" IN (
    SELECT "id" FROM "Meeting" WHERE "therapistId" = (SELECT min("userId") FROM "Therapist")
    OFFSET {therapist_meetings} - 1)

-- name: every_therapist_has_enough_worksheets
DELETE FROM "Worksheet" WHERE "id" IN (
    SELECT "id" FROM "Worksheet" WHERE "therapistId" = (SELECT min("userId") FROM "Therapist")
    OFFSET {therapist_worksheets} - 1)

-- name: every_therapist_has_enough_reviews
DELETE FROM "Review" WHERE "id" IN (
    SELECT "id" FROM "Review" WHERE "therapistId" = (SELECT min("userId") FROM "Therapist")
    OFFSET {therapist_reviews} - 1)

-- name: every_therapist_has_enough_notifications
DELETE FROM "Notification" WHERE "id" IN (
    SELECT "id" FROM "Notification" WHERE "userId" = (SELECT min("userId") FROM "Therapist")
    OFFSET {therapist_notifications} - 1)

-- name: every_community_has_enough_members
DELETE FROM "Membership" WHERE "id" IN (
    SELECT "id" FROM "Membership" WHERE "communityId" = (SELECT min("id") FROM "Community")
    OFFSET {community_members} - 1)

-- name: every_community_has_enough_posts
DELETE FROM "Post" WHERE "id" IN (
    SELECT p."id" FROM "Post" AS p JOIN "Room" AS r ON r."id" = p."roomId"
    JOIN "RoomGroup" AS g ON g."id" = r."roomGroupId"
    WHERE g."communityId" = (SELECT min("id") FROM "Community")
    OFFSET {community_posts} - 1)

-- name: every_community_has_enough_posts
UPDATE "Post" SET "roomId" = NULL WHERE "roomId" = (SELECT min("id") FROM "Room")

-- name: every_community_has_enough_moderators
DELETE FROM "ModeratorCommunity" WHERE "id" IN (
    SELECT "id" FROM "ModeratorCommunity"
    WHERE "communityId" = (SELECT min("id") FROM "Community")
    OFFSET {community_moderators} - 1)

-- name: every_community_has_enough_room_groups
DELETE FROM "RoomGroup" WHERE "id" IN (
    SELECT "id" FROM "RoomGroup" WHERE "communityId" = (SELECT min("id") FROM "Community")
    OFFSET {community_room_groups} - 1)

-- name: every_community_has_enough_room_groups
INSERT INTO "Community" ("id", "name", "slug", "description", "imageUrl", "updatedAt")
VALUES ('a-real-community', 'Real', 'real', '', '', {as_of}::date)

-- name: every_room_group_has_enough_rooms
DELETE FROM "Room" WHERE "id" IN (
    SELECT "id" FROM "Room" WHERE "roomGroupId" = (SELECT min("id") FROM "RoomGroup")
    OFFSET {room_group_rooms} - 1)

-- name: every_post_has_enough_comments
DELETE FROM "Comment" WHERE "id" IN (
    SELECT "id" FROM "Comment" WHERE "postId" = (SELECT min("id") FROM "Post")
    OFFSET {post_comments} - 1)

-- name: every_post_has_enough_hearts
DELETE FROM "PostHeart" WHERE "id" IN (
    SELECT "id" FROM "PostHeart" WHERE "postId" = (SELECT min("id") FROM "Post")
    OFFSET {post_hearts} - 1)

-- name: every_conversation_has_enough_messages
DELETE FROM "Message" WHERE "id" IN (
    SELECT "id" FROM "Message" WHERE "conversationId" = (SELECT min("id") FROM "Conversation")
    OFFSET {conversation_messages} - 1)

-- name: every_completed_meeting_has_enough_notes
DELETE FROM "MeetingNotes" WHERE "id" IN (
    SELECT "id" FROM "MeetingNotes" WHERE "meetingId" = (
        SELECT min("id") FROM "Meeting" WHERE "status" = 'COMPLETED')
    OFFSET {meeting_notes} - 1)

-- name: every_completed_meeting_has_enough_payments
INSERT INTO "Payment" ("id", "amount", "clientId", "therapistId", "meetingId", "updatedAt")
SELECT rpad('c5eedpp', 25, '0'), 100, "clientId", "therapistId", "id", {as_of}::date
FROM "Meeting" WHERE "status" <> 'COMPLETED' LIMIT 1

-- name: every_completed_meeting_has_enough_payments
INSERT INTO "Payment" ("id", "amount", "clientId", "therapistId", "meetingId", "updatedAt")
SELECT rpad('c5eedpp', 25, '0'), 100, c."userId", "therapistId", "id", {as_of}::date
FROM "Meeting" AS m JOIN "Client" AS c ON c."userId" <> m."clientId"
WHERE "status" = 'COMPLETED' LIMIT 1

-- name: every_completed_meeting_has_enough_payments
INSERT INTO "Payment" ("id", "amount", "clientId", "therapistId", "meetingId", "updatedAt")
SELECT rpad('c5eedpp', 25, '0'), 100, "clientId", t."userId", "id", {as_of}::date
FROM "Meeting" AS m JOIN "Therapist" AS t ON t."userId" <> m."therapistId"
WHERE m."status" = 'COMPLETED' LIMIT 1

-- name: every_completed_meeting_has_enough_payments
WITH method AS (
    INSERT INTO "PaymentMethod" ("id", "userId", "updatedAt")
    SELECT 'a-real-method', min("userId"), {as_of}::date FROM "Client" RETURNING "id", "userId")
INSERT INTO "Payment"
    ("id", "amount", "clientId", "therapistId", "meetingId", "paymentMethodId", "updatedAt")
SELECT rpad('c5eedpp', 25, '0'), 100, "clientId", "therapistId", m."id", o."id", {as_of}::date
FROM "Meeting" AS m JOIN method AS o ON o."userId" <> m."clientId"
WHERE m."status" = 'COMPLETED' LIMIT 1

-- name: there_are_enough_reports
DELETE FROM "Report" WHERE "id" IN (SELECT "id" FROM "Report" OFFSET {reports} - 1)

-- name: there_are_enough_blocks
DELETE FROM "UserBlock" WHERE "id" IN (SELECT "id" FROM "UserBlock" OFFSET {user_blocks} - 1)

-- name: every_rating_lies_between_1_and_5
UPDATE "Review" SET "rating" = 0 WHERE "id" = (SELECT min("id") FROM "Review")

-- name: every_rating_lies_between_1_and_5
UPDATE "Review" SET "rating" = 6 WHERE "id" = (SELECT max("id") FROM "Review")

-- name: nobody_blocks_themselves
UPDATE "UserBlock" SET "blockedId" = "blockerId"
WHERE "id" = (SELECT min("id") FROM "UserBlock")

-- name: nobody_gives_a_heart_to_their_own_post
UPDATE "PostHeart" AS h SET "userId" = p."userId" FROM "Post" AS p
WHERE p."id" = h."postId" AND h."id" = (SELECT min("id") FROM "PostHeart")

-- name: nobody_comments_on_their_own_post
UPDATE "Comment" AS o SET "userId" = p."userId" FROM "Post" AS p
WHERE p."id" = o."postId" AND o."id" = (SELECT min("id") FROM "Comment")

-- name: every_response_is_by_a_member
UPDATE "Comment" SET "userId" = (SELECT min("userId") FROM "Admin")
WHERE "id" = (SELECT min("id") FROM "Comment")

-- name: every_response_is_by_a_member
UPDATE "PostHeart" SET "userId" = (SELECT min("userId") FROM "Admin")
WHERE "id" = (SELECT min("id") FROM "PostHeart")

-- name: every_report_is_by_another_and_names_the_author
UPDATE "Report" SET "reporterId" = "reportedUserId" WHERE "id" = (SELECT min("id") FROM "Report")

-- name: every_report_is_by_another_and_names_the_author
UPDATE "Report" SET "reportedUserId" = NULL WHERE "id" = (SELECT min("id") FROM "Report")

-- name: every_report_is_by_another_and_names_the_author
UPDATE "Report" SET "reportedUserId" = "reporterId" WHERE "id" = (SELECT min("id") FROM "Report")

-- name: every_conversation_has_two_participants
DELETE FROM "ConversationParticipant"
WHERE "id" = (SELECT min("id") FROM "ConversationParticipant")

-- name: every_message_is_by_a_participant
UPDATE "Message" SET "senderId" = (SELECT min("userId") FROM "Admin")
WHERE "id" = (SELECT min("id") FROM "Message")

-- name: every_reaction_and_receipt_is_by_another_participant
UPDATE "MessageReaction" AS x SET "userId" = m."senderId" FROM "Message" AS m
WHERE m."id" = x."messageId" AND x."id" = (SELECT min("id") FROM "MessageReaction")

-- name: every_reaction_and_receipt_is_by_another_participant
UPDATE "MessageReadReceipt" AS x SET "userId" = m."senderId" FROM "Message" AS m
WHERE m."id" = x."messageId" AND x."id" = (SELECT min("id") FROM "MessageReadReceipt")

-- name: every_reaction_and_receipt_is_by_another_participant
UPDATE "MessageReaction" SET "userId" = (SELECT min("userId") FROM "Admin")
WHERE "id" = (SELECT min("id") FROM "MessageReaction")

-- name: every_reaction_and_receipt_is_by_another_participant
UPDATE "MessageReadReceipt" SET "userId" = (SELECT min("userId") FROM "Admin")
WHERE "id" = (SELECT min("id") FROM "MessageReadReceipt")

-- name: every_meeting_and_worksheet_is_of_a_relationship
UPDATE "Meeting" SET "clientId" = (SELECT min("userId") FROM "Admin")
WHERE "id" = (SELECT min("id") FROM "Meeting")

-- name: every_meeting_and_worksheet_is_of_a_relationship
UPDATE "Worksheet" AS w SET "therapistId" = (
    SELECT min(t."userId") FROM "Therapist" AS t
    WHERE NOT EXISTS (SELECT FROM "ClientTherapist" AS r
                      WHERE r."therapistId" = t."userId" AND r."clientId" = w."clientId"))
WHERE "id" = (SELECT min("id") FROM "Worksheet")

-- name: every_review_is_of_a_completed_meeting
UPDATE "Meeting" SET "status" = 'NO_SHOW' WHERE "id" = (SELECT min("meetingId") FROM "Review")

-- name: every_review_is_of_a_completed_meeting
UPDATE "Review" SET "clientId" = (SELECT min("userId") FROM "Admin")
WHERE "id" = (SELECT min("id") FROM "Review")

-- name: every_review_is_of_a_completed_meeting
UPDATE "Review" SET "therapistId" = (SELECT min("userId") FROM "Admin")
WHERE "id" = (SELECT min("id") FROM "Review")

-- name: every_video_meeting_has_an_address_of_its_own
UPDATE "Meeting" SET "meetingUrl" = NULL WHERE "id" = (SELECT min("id") FROM "Meeting")

-- name: every_video_meeting_has_an_address_of_its_own
INSERT INTO "Meeting" ("id", "startTime", "meetingUrl", "clientId", "therapistId", "updatedAt")
SELECT 'a-real-meeting', "startTime", "meetingUrl", "clientId", "therapistId", "updatedAt"
FROM "Meeting" LIMIT 1

-- name: every_address_lies_in_the_reserved_domain
UPDATE "User" SET "email" = 'person@mail.invalid' WHERE "id" = (SELECT min("id") FROM "User")

-- name: every_address_lies_in_the_reserved_domain
UPDATE "User" SET "email" = 'person@mentara.test.mail.invalid'
WHERE "id" = (SELECT max("id") FROM "User")

-- name: every_meeting_ends_after_it_began
UPDATE "Meeting" SET "endTime" = "startTime" WHERE "id" = (SELECT min("id") FROM "Meeting")

-- name: every_meeting_ends_after_it_began
UPDATE "Meeting" SET "endTime" = NULL WHERE "id" = (SELECT max("id") FROM "Meeting")

-- name: no_completed_meeting_lies_in_the_future
UPDATE "Meeting" SET "endTime" = {anchor}::date + 1
WHERE "id" = (SELECT min("id") FROM "Meeting" WHERE "status" = 'COMPLETED')

-- name: no_completed_meeting_lies_in_the_future
UPDATE "Meeting" SET "status" = 'COMPLETED'
WHERE "id" = (SELECT min("id") FROM "Meeting" WHERE "endTime" > {anchor}::date + 1)

-- name: no_therapist_is_in_two_meetings_at_once
UPDATE "Meeting" AS b SET "startTime" = a."endTime" - interval '1 minute', "endTime" = a."endTime"
FROM "Meeting" AS a
WHERE a."id" = (SELECT min("id") FROM "Meeting")
  AND b."id" = (SELECT max("id") FROM "Meeting" AS m WHERE m."therapistId" = a."therapistId")

-- name: no_response_is_older_than_its_post
UPDATE "Comment" SET "createdAt" = '2000-01-01' WHERE "id" = (SELECT min("id") FROM "Comment")

-- name: no_response_is_older_than_its_post
UPDATE "PostHeart" SET "createdAt" = '2000-01-01' WHERE "id" = (SELECT min("id") FROM "PostHeart")

-- name: no_response_is_older_than_its_post
UPDATE "Report" SET "createdAt" = '2000-01-01' WHERE "id" = (SELECT min("id") FROM "Report")

-- name: no_message_is_older_than_its_conversation
UPDATE "Message" AS m SET "createdAt" = v."createdAt" - interval '1 second'
FROM "Conversation" AS v
WHERE v."id" = m."conversationId" AND m."id" = (SELECT min("id") FROM "Message")

-- name: no_reaction_or_receipt_is_older_than_its_message
UPDATE "MessageReaction" SET "createdAt" = '2000-01-01'
WHERE "id" = (SELECT min("id") FROM "MessageReaction")

-- name: no_reaction_or_receipt_is_older_than_its_message
UPDATE "MessageReadReceipt" SET "readAt" = '2000-01-01'
WHERE "id" = (SELECT min("id") FROM "MessageReadReceipt")

-- name: no_review_or_payment_is_older_than_the_end_of_its_meeting
UPDATE "Review" AS v SET "createdAt" = m."endTime" - interval '1 second' FROM "Meeting" AS m
WHERE m."id" = v."meetingId" AND v."id" = (SELECT min("id") FROM "Review")

-- name: no_review_or_payment_is_older_than_the_end_of_its_meeting
INSERT INTO "Payment"
    ("id", "amount", "clientId", "therapistId", "meetingId", "createdAt", "updatedAt")
SELECT rpad('c5eedpp', 25, '0'), 100, "clientId", "therapistId", "id", "startTime", "startTime"
FROM "Meeting" WHERE "status" = 'COMPLETED' LIMIT 1

-- name: no_review_or_payment_is_older_than_the_end_of_its_meeting
WITH open AS (
    UPDATE "Meeting" SET "endTime" = NULL WHERE "id" = (SELECT min("meetingId") FROM "Review")
    RETURNING "id", "startTime")
UPDATE "Review" AS v SET "createdAt" = o."startTime" + interval '59 minutes' FROM open AS o
WHERE v."meetingId" = o."id"

-- name: no_note_is_older_than_its_meeting
UPDATE "MeetingNotes" AS n SET "createdAt" = m."startTime" - interval '1 second'
FROM "Meeting" AS m
WHERE m."id" = n."meetingId" AND n."id" = (SELECT min("id") FROM "MeetingNotes")

-- name: no_submission_is_older_than_its_worksheet
UPDATE "WorksheetSubmission" AS s SET "submittedAt" = w."createdAt" - interval '1 second'
FROM "Worksheet" AS w
WHERE w."id" = s."worksheetId" AND s."id" = (SELECT min("id") FROM "WorksheetSubmission")

-- name: no_notification_is_read_before_it_was_sent
UPDATE "Notification" SET "readAt" = "createdAt" - interval '1 second'
WHERE "id" = (SELECT min("id") FROM "Notification")

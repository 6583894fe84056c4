-- First every minimum of requirements.py, then the rules that the application's schema leaves
-- open. Each query returns the rows that break its rule.
--
-- Minimums hold for everybody and count everything, whoever made it: these queries read plain
-- tables and know nothing of how the gaps were filled. A client is a row of "Client", a therapist
-- an approved one of "Therapist"; the foreign keys of both say that the user is there.
-- Rules hold for our own rows only, which their keys tell: `{messages}`, or all of a table's by
-- the pattern that every key of ours has.

-- name: every_client_has_enough_memberships
-- Every client is a member of as many communities as required.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN "Membership" AS m ON m."userId" = c."userId"
GROUP BY 1 HAVING count(m."id") < {client_memberships}

-- name: every_client_has_enough_posts
-- Every client has written as many posts as required.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN "Post" AS p ON p."userId" = c."userId"
GROUP BY 1 HAVING count(p."id") < {client_posts}

-- name: every_client_has_enough_comments
-- Every client has written as many comments as required.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN "Comment" AS o ON o."userId" = c."userId"
GROUP BY 1 HAVING count(o."id") < {client_comments}

-- name: every_client_has_enough_hearts
-- Every client has given as many hearts as required, to posts and to comments together.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN (SELECT "id", "userId" FROM "PostHeart"
           UNION ALL SELECT "id", "userId" FROM "CommentHeart") AS h ON h."userId" = c."userId"
GROUP BY 1 HAVING count(h."id") < {client_hearts}

-- name: every_client_has_enough_conversations
-- Every client takes part in as many conversations as required.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN "ConversationParticipant" AS p ON p."userId" = c."userId"
GROUP BY 1 HAVING count(p."id") < {client_conversations}

-- name: every_client_has_enough_assessments
-- Every client has answered as many assessments as required.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN "PreAssessment" AS a ON a."clientId" = c."userId"
GROUP BY 1 HAVING count(a."id") < {client_assessments}

-- name: every_client_with_a_therapist_has_enough_meetings
-- Every client whom somebody treats has as many meetings as required.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN "Meeting" AS m ON m."clientId" = c."userId"
WHERE EXISTS (SELECT FROM "ClientTherapist" AS r
              WHERE r."clientId" = c."userId" AND r."status" = 'active')
GROUP BY 1 HAVING count(m."id") < {client_meetings}

-- name: every_client_who_completed_a_meeting_has_enough_reviews
-- Every client whom somebody treats and who completed a meeting has written enough reviews.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN "Review" AS v ON v."clientId" = c."userId"
WHERE EXISTS (SELECT FROM "ClientTherapist" AS r
              WHERE r."clientId" = c."userId" AND r."status" = 'active')
  AND EXISTS (SELECT FROM "Meeting" AS m
              WHERE m."clientId" = c."userId" AND m."status" = 'COMPLETED')
GROUP BY 1 HAVING count(v."id") < {client_reviews}

-- name: every_client_has_enough_notifications
-- Every client has as many notifications as required.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN "Notification" AS n ON n."userId" = c."userId"
GROUP BY 1 HAVING count(n."id") < {client_notifications}

-- name: every_client_has_enough_payment_methods
-- Every client has as many payment methods as required; ours are clients', one their default.
SELECT c."userId" FROM "Client" AS c
LEFT JOIN "PaymentMethod" AS p ON p."userId" = c."userId"
GROUP BY 1 HAVING count(p."id") < {client_payment_methods}
UNION ALL
SELECT p."userId" FROM {payment_methods} AS p
LEFT JOIN "Client" AS c ON c."userId" = p."userId"
GROUP BY 1 HAVING count(c."userId") = 0 OR count(*) FILTER (WHERE p."isDefault") > 1

-- name: every_therapist_has_enough_memberships
-- Every therapist is a member of as many communities as required.
SELECT t."userId" FROM "Therapist" AS t
LEFT JOIN "Membership" AS m ON m."userId" = t."userId"
WHERE t."status" = 'APPROVED' GROUP BY 1 HAVING count(m."id") < {therapist_memberships}

-- name: every_therapist_has_enough_clients
-- Every therapist has active relationships to as many clients as required.
SELECT t."userId" FROM "Therapist" AS t
LEFT JOIN "ClientTherapist" AS r ON r."therapistId" = t."userId" AND r."status" = 'active'
WHERE t."status" = 'APPROVED' GROUP BY 1 HAVING count(r."id") < {therapist_relationships}

-- name: every_therapist_has_enough_days
-- Every therapist is available on as many weekdays as required; two slots a day are one day.
SELECT t."userId" FROM "Therapist" AS t
LEFT JOIN "TherapistAvailability" AS a ON a."therapistId" = t."userId" AND a."isAvailable"
WHERE t."status" = 'APPROVED'
GROUP BY 1 HAVING count(DISTINCT a."dayOfWeek") < {therapist_availability}

-- name: every_therapist_has_enough_posts
-- Every therapist has written as many posts as required.
SELECT t."userId" FROM "Therapist" AS t
LEFT JOIN "Post" AS p ON p."userId" = t."userId"
WHERE t."status" = 'APPROVED' GROUP BY 1 HAVING count(p."id") < {therapist_posts}

-- name: every_therapist_has_enough_comments
-- Every therapist has written as many comments as required.
SELECT t."userId" FROM "Therapist" AS t
LEFT JOIN "Comment" AS o ON o."userId" = t."userId"
WHERE t."status" = 'APPROVED' GROUP BY 1 HAVING count(o."id") < {therapist_comments}

-- name: every_therapist_has_enough_meetings
-- Every therapist has as many meetings as required.
SELECT t."userId" FROM "Therapist" AS t
LEFT JOIN "Meeting" AS m ON m."therapistId" = t."userId"
WHERE t."status" = 'APPROVED' GROUP BY 1 HAVING count(m."id") < {therapist_meetings}

-- name: every_therapist_has_enough_worksheets
-- Every therapist has created as many worksheets as required.
SELECT t."userId" FROM "Therapist" AS t
LEFT JOIN "Worksheet" AS w ON w."therapistId" = t."userId"
WHERE t."status" = 'APPROVED' GROUP BY 1 HAVING count(w."id") < {therapist_worksheets}

-- name: every_therapist_has_enough_reviews
-- Every therapist has as many reviews as required.
SELECT t."userId" FROM "Therapist" AS t
LEFT JOIN "Review" AS v ON v."therapistId" = t."userId"
WHERE t."status" = 'APPROVED' GROUP BY 1 HAVING count(v."id") < {therapist_reviews}

-- name: every_therapist_has_enough_notifications
-- Every therapist has as many notifications as required.
SELECT t."userId" FROM "Therapist" AS t
LEFT JOIN "Notification" AS n ON n."userId" = t."userId"
WHERE t."status" = 'APPROVED' GROUP BY 1 HAVING count(n."id") < {therapist_notifications}

-- name: every_community_has_enough_members
-- Every community has as many members as required.
SELECT c."id" FROM "Community" AS c
LEFT JOIN "Membership" AS m ON m."communityId" = c."id"
WHERE EXISTS (SELECT FROM "User") GROUP BY 1 HAVING count(m."id") < {community_members}

-- name: every_community_has_enough_posts
-- Every community has as many posts in its rooms as required.
SELECT c."id" FROM "Community" AS c
LEFT JOIN ("RoomGroup" AS g
           JOIN "Room" AS r ON r."roomGroupId" = g."id"
           JOIN "Post" AS p ON p."roomId" = r."id") ON g."communityId" = c."id"
WHERE EXISTS (SELECT FROM "User") GROUP BY 1 HAVING count(p."id") < {community_posts}

-- name: every_community_has_enough_moderators
-- Every community has as many moderators as required.
SELECT c."id" FROM "Community" AS c
LEFT JOIN "ModeratorCommunity" AS m ON m."communityId" = c."id"
WHERE EXISTS (SELECT FROM "User") GROUP BY 1 HAVING count(m."id") < {community_moderators}

-- name: every_community_has_enough_room_groups
-- Every community has as many room groups as required.
SELECT c."id" FROM "Community" AS c
LEFT JOIN "RoomGroup" AS g ON g."communityId" = c."id"
GROUP BY 1 HAVING count(g."id") < {community_room_groups}

-- name: every_room_group_has_enough_rooms
-- Every room group has as many rooms as required.
SELECT g."id" FROM "RoomGroup" AS g
LEFT JOIN "Room" AS r ON r."roomGroupId" = g."id"
GROUP BY 1 HAVING count(r."id") < {room_group_rooms}

-- name: every_post_has_enough_comments
-- Every post has as many comments as required.
SELECT p."id" FROM "Post" AS p
LEFT JOIN "Comment" AS o ON o."postId" = p."id"
GROUP BY 1 HAVING count(o."id") < {post_comments}

-- name: every_post_has_enough_hearts
-- Every post has as many hearts as required.
SELECT p."id" FROM "Post" AS p
LEFT JOIN "PostHeart" AS h ON h."postId" = p."id"
GROUP BY 1 HAVING count(h."id") < {post_hearts}

-- name: every_conversation_has_enough_messages
-- Every conversation of two or more has as many messages as required.
SELECT v."conversationId" FROM (SELECT "conversationId" FROM "ConversationParticipant"
                                GROUP BY 1 HAVING count(*) >= 2) AS v
LEFT JOIN "Message" AS m ON m."conversationId" = v."conversationId"
GROUP BY 1 HAVING count(m."id") < {conversation_messages}

-- name: every_completed_meeting_has_enough_notes
-- Every completed meeting has as many notes as required.
SELECT m."id" FROM "Meeting" AS m
LEFT JOIN "MeetingNotes" AS n ON n."meetingId" = m."id"
WHERE m."status" = 'COMPLETED' GROUP BY 1 HAVING count(n."id") < {meeting_notes}

-- name: every_completed_meeting_has_enough_payments
-- Every completed meeting has as many payments as required; ours are for such a meeting, of its
-- client to its therapist, by a method of the client's.
SELECT m."id" FROM "Meeting" AS m
LEFT JOIN "Payment" AS p ON p."meetingId" = m."id"
WHERE m."status" = 'COMPLETED' GROUP BY 1 HAVING count(p."id") < {meeting_payments}
UNION ALL
SELECT p."id" FROM {payments} AS p
LEFT JOIN "Meeting" AS m ON m."id" = p."meetingId" AND m."status" = 'COMPLETED'
    AND m."clientId" = p."clientId" AND m."therapistId" = p."therapistId"
LEFT JOIN "PaymentMethod" AS o ON o."id" = p."paymentMethodId"
WHERE p."meetingId" IS NOT NULL AND m."id" IS NULL OR o."userId" <> p."clientId"

-- name: there_are_enough_reports
-- As many reports as required, once there is a post to report.
SELECT count(*) FROM "Report"
HAVING count(*) < {reports} AND EXISTS (SELECT FROM "Post")

-- name: there_are_enough_blocks
-- As many blocks as required, once there are two clients.
SELECT count(*) FROM "UserBlock"
HAVING count(*) < {user_blocks} AND (SELECT count(*) FROM "Client") > 1

-- name: every_rating_lies_between_1_and_5
-- Reviews give one to five stars.
SELECT "id" FROM "Review"
WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$' AND "rating" NOT BETWEEN 1 AND 5

-- name: nobody_blocks_themselves
-- A block is between two users.
SELECT "id" FROM "UserBlock"
WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$' AND "blockerId" = "blockedId"

-- name: nobody_gives_a_heart_to_their_own_post
-- Hearts are given by others than the author.
SELECT h."id" FROM "PostHeart" AS h
JOIN "Post" AS p ON p."id" = h."postId" AND p."userId" = h."userId"
WHERE h."id" ~ '^c5eed[0-9a-z]{{20}}$'

-- name: nobody_comments_on_their_own_post
-- Comments are written by others than the author.
SELECT o."id" FROM "Comment" AS o
JOIN "Post" AS p ON p."id" = o."postId" AND p."userId" = o."userId"
WHERE o."id" ~ '^c5eed[0-9a-z]{{20}}$'

-- name: every_response_is_by_a_member
-- Comments and hearts come from members of the post's community, where it stands in one.
SELECT o."id" FROM (SELECT "id", "postId", "userId" FROM "Comment"
                    UNION ALL SELECT "id", "postId", "userId" FROM "PostHeart") AS o
JOIN "Post" AS p ON p."id" = o."postId"
JOIN "Room" AS r ON r."id" = p."roomId"
JOIN "RoomGroup" AS g ON g."id" = r."roomGroupId"
LEFT JOIN "Membership" AS m ON m."communityId" = g."communityId" AND m."userId" = o."userId"
WHERE o."id" ~ '^c5eed[0-9a-z]{{20}}$' AND m."id" IS NULL

-- name: every_report_is_by_another_and_names_the_author
-- Nobody reports a post of their own, and the reported user is who wrote it.
SELECT r."id" FROM "Report" AS r
JOIN "Post" AS p ON p."id" = r."postId"
WHERE r."id" ~ '^c5eed[0-9a-z]{{20}}$'
  AND (r."reporterId" = p."userId" OR r."reportedUserId" IS DISTINCT FROM p."userId")

-- name: every_conversation_has_two_participants
-- Nobody talks to themselves.
SELECT v."id" FROM {conversations} AS v
LEFT JOIN "ConversationParticipant" AS p ON p."conversationId" = v."id"
GROUP BY 1 HAVING count(p."id") < 2

-- name: every_message_is_by_a_participant
-- Who writes in a conversation takes part in it.
SELECT m."id" FROM {messages} AS m
LEFT JOIN "ConversationParticipant" AS p
    ON p."conversationId" = m."conversationId" AND p."userId" = m."senderId"
WHERE p."id" IS NULL

-- name: every_reaction_and_receipt_is_by_another_participant
-- Who reacts to a message, or reads it, takes part in the conversation and is not its sender.
SELECT i."id" FROM (SELECT "id", "messageId", "userId" FROM {message_reactions} AS x
                    UNION ALL
                    SELECT "id", "messageId", "userId" FROM {message_receipts} AS x) AS i
JOIN "Message" AS m ON m."id" = i."messageId"
LEFT JOIN "ConversationParticipant" AS p
    ON p."conversationId" = m."conversationId" AND p."userId" = i."userId"
WHERE p."id" IS NULL OR i."userId" = m."senderId"

-- name: every_meeting_and_worksheet_is_of_a_relationship
-- Therapists meet their own clients, and give worksheets to them.
SELECT o."id" FROM (
    SELECT "id", "clientId", "therapistId" FROM "Meeting" WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$'
    UNION ALL SELECT "id", "clientId", "therapistId" FROM {worksheets} AS w) AS o
LEFT JOIN "ClientTherapist" AS r
    ON r."clientId" = o."clientId" AND r."therapistId" = o."therapistId"
WHERE r."id" IS NULL

-- name: every_review_is_of_a_completed_meeting
-- A review belongs to a completed meeting of the same client and therapist; one whose meeting
-- was deleted has none any more.
SELECT v."id" FROM "Review" AS v
LEFT JOIN "Meeting" AS m ON m."id" = v."meetingId" AND m."status" = 'COMPLETED'
    AND m."clientId" = v."clientId" AND m."therapistId" = v."therapistId"
WHERE v."id" ~ '^c5eed[0-9a-z]{{20}}$' AND v."meetingId" IS NOT NULL AND m."id" IS NULL

-- name: every_video_meeting_has_an_address_of_its_own
-- No video meeting is without a URL, and none has that of another meeting.
SELECT "id" FROM (SELECT "id", "meetingType", "meetingUrl",
                         count(*) OVER (PARTITION BY "meetingUrl") AS sharing
                  FROM "Meeting") AS m
WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$' AND "meetingType" = 'video'
  AND ("meetingUrl" IS NULL OR sharing > 1)

-- name: every_address_lies_in_the_reserved_domain
-- Nobody is ever mailed: mentara.test does not exist.
SELECT "id" FROM "User"
WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$' AND "email" !~ '^[^@]+@mentara\.test$'

-- name: every_meeting_ends_after_it_began
-- A meeting has an end, and it lies after the start.
SELECT "id" FROM "Meeting"
WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$' AND ("endTime" > "startTime") IS NOT TRUE

-- name: no_completed_meeting_lies_in_the_future
-- What is completed has ended by the end of the day that the rows were made for.
SELECT "id" FROM "Meeting"
WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$' AND "status" = 'COMPLETED'
  AND "endTime" >= {anchor}::date + 1

-- name: no_therapist_is_in_two_meetings_at_once
-- Meetings of one therapist do not overlap.
SELECT "id" FROM (
    SELECT "id", "startTime", max("endTime") OVER (
        PARTITION BY "therapistId" ORDER BY "startTime", "id"
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy
    FROM "Meeting" WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$') AS m
WHERE "startTime" < busy

-- name: no_response_is_older_than_its_post
-- Comments, hearts and reports come after the post.
SELECT o."id" FROM (SELECT "id", "postId", "createdAt" FROM "Comment"
                    UNION ALL SELECT "id", "postId", "createdAt" FROM "PostHeart"
                    UNION ALL SELECT "id", "postId", "createdAt" FROM "Report") AS o
JOIN "Post" AS p ON p."id" = o."postId"
WHERE o."id" ~ '^c5eed[0-9a-z]{{20}}$' AND o."createdAt" < p."createdAt"

-- name: no_message_is_older_than_its_conversation
-- Messages come after the conversation was opened.
SELECT m."id" FROM {messages} AS m
JOIN "Conversation" AS v ON v."id" = m."conversationId"
WHERE m."createdAt" < v."createdAt"

-- name: no_reaction_or_receipt_is_older_than_its_message
-- Nobody reacts to a message, or reads it, before it was sent.
SELECT i."id" FROM (SELECT "id", "messageId", "createdAt" AS at FROM {message_reactions} AS x
                    UNION ALL
                    SELECT "id", "messageId", "readAt" FROM {message_receipts} AS x) AS i
JOIN "Message" AS m ON m."id" = i."messageId"
WHERE i.at < m."createdAt"

-- name: no_review_or_payment_is_older_than_the_end_of_its_meeting
-- Meetings are reviewed and paid afterwards; one without an end took an hour.
SELECT o."id" FROM (
    SELECT "id", "meetingId", "createdAt" FROM "Review" WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$'
    UNION ALL SELECT "id", "meetingId", "createdAt" FROM {payments} AS p) AS o
JOIN "Meeting" AS m ON m."id" = o."meetingId"
WHERE o."createdAt" < coalesce(m."endTime", m."startTime" + interval '1 hour')

-- name: no_note_is_older_than_its_meeting
-- Notes are taken from the start of the meeting on.
SELECT n."id" FROM "MeetingNotes" AS n
JOIN "Meeting" AS m ON m."id" = n."meetingId"
WHERE n."id" ~ '^c5eed[0-9a-z]{{20}}$' AND n."createdAt" < m."startTime"

-- name: no_submission_is_older_than_its_worksheet
-- Worksheets are handed in after they were given.
SELECT s."id" FROM {worksheet_submissions} AS s
JOIN "Worksheet" AS w ON w."id" = s."worksheetId"
WHERE s."submittedAt" < w."createdAt"

-- name: no_notification_is_read_before_it_was_sent
-- A notification is read after it was written.
SELECT "id" FROM "Notification"
WHERE "id" ~ '^c5eed[0-9a-z]{{20}}$' AND "readAt" < "createdAt"

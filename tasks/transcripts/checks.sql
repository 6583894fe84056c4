-- Checks of transcripts: each query returns the rows that break its rule.

-- name: users_shares_metadata_transcripts_and_embeddings_are_as_many_as_the_scale_says
-- Five users and two of each of the others, times the scale.
SELECT level FROM (
    SELECT 'users' AS level, count(*) AS n, 5 AS wanted FROM {users} AS c
    UNION ALL SELECT 'shares', count(*), 2 FROM {shares} AS c
    UNION ALL SELECT 'metadata', count(*), 2 FROM {metadata} AS c
    UNION ALL SELECT 'transcripts', count(*), 2 FROM {transcripts} AS c
    UNION ALL SELECT 'embeddings', count(DISTINCT share_id), 2 FROM {embeddings} AS c) AS counted
WHERE n <> wanted * {scale}

-- name: no_seeded_row_hangs_in_the_air
-- Every share has its user; metadata, transcripts and embeddings have their share.
SELECT s.id FROM {shares} AS s LEFT JOIN users AS u ON u.id = s.user_id WHERE u.id IS NULL
UNION ALL
SELECT m.id FROM {metadata} AS m LEFT JOIN shares AS s ON s.id = m.share_id WHERE s.id IS NULL
UNION ALL
SELECT t.id FROM {transcripts} AS t LEFT JOIN shares AS s ON s.id = t.share_id WHERE s.id IS NULL
UNION ALL
SELECT e.id FROM {embeddings} AS e LEFT JOIN shares AS s ON s.id = e.share_id WHERE s.id IS NULL

-- name: segments_are_in_order_and_add_up
-- The first begins at 0, each ends after it begins, and the next begins where it ended.
SELECT t.id FROM {transcripts} AS t
CROSS JOIN LATERAL (
    SELECT (s.value ->> 'start')::numeric AS begins, (s.value ->> 'end')::numeric AS ends,
           lag((s.value ->> 'end')::numeric, 1, 0.0) OVER (ORDER BY s.ordinality) AS before
    FROM jsonb_array_elements(t.segments) WITH ORDINALITY AS s) AS segment
WHERE (begins = before AND ends > begins) IS NOT TRUE

-- name: segments_are_the_full_text
-- There are some, and their texts, joined by blanks, are the transcript's full text.
SELECT t.id FROM {transcripts} AS t
WHERE t.full_text IS DISTINCT FROM (
    SELECT string_agg(s.value ->> 'text', ' ' ORDER BY s.ordinality)
    FROM jsonb_array_elements(t.segments) WITH ORDINALITY AS s)

-- name: every_transcribed_share_has_one_embedding
-- Not none, and not a second one beside it, whoever wrote them.
SELECT t.share_id FROM {transcripts} AS t LEFT JOIN embeddings AS e ON e.share_id = t.share_id
GROUP BY 1 HAVING count(DISTINCT e.id) <> 1

-- name: every_embedding_has_1536_dimensions_and_length_1
-- As the column says, as the row says, and of unit length within a thousandth.
SELECT e.id FROM {embeddings} AS e
WHERE e.dimensions <> 1536 OR vector_dims(e.embedding) <> 1536
    OR abs(vector_norm(e.embedding) - 1) > 0.001

-- name: user_platform_and_transcript_join_for_every_share
-- The application's own view of its data has at least one row for each seeded share.
SELECT s.id FROM {shares} AS s
LEFT JOIN (SELECT o.id FROM users AS u JOIN shares AS o ON o.user_id = u.id
           JOIN transcripts AS t ON t.share_id = o.id
           WHERE o.platform <> '' AND t.full_text <> '') AS seen ON seen.id = s.id
WHERE seen.id IS NULL

-- name: metadata_names_the_share_s_platform
-- One of the five, and the same in both places.
SELECT s.id FROM {shares} AS s LEFT JOIN metadata AS m ON m.share_id = s.id
WHERE m.platform IS DISTINCT FROM s.platform
    OR s.platform NOT IN ('reddit', 'twitter', 'youtube', 'tiktok', 'x')

-- name: every_address_is_reserved
-- Mail in .test, links and pictures in .example: nothing reaches anybody.
SELECT u.id FROM {users} AS u WHERE u.email NOT LIKE '%.test'
UNION ALL
SELECT s.id FROM {shares} AS s WHERE s.url !~ '^https://[a-z]+\.example/'
UNION ALL
SELECT m.id FROM {metadata} AS m WHERE m.thumbnail_url !~ '^https://[a-z]+\.example/'

-- name: the_documented_login_has_its_hash
-- Alex can sign in.
SELECT 1 WHERE NOT EXISTS (
    SELECT FROM {users} AS u WHERE email = 'alex@transcripts.test'
        AND password LIKE '$2a$10$%')

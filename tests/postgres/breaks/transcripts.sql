-- What breaks each check of transcripts: at least one statement a check, or one a clause of it.

-- name: users_shares_metadata_transcripts_and_embeddings_are_as_many_as_the_scale_says
DELETE FROM users WHERE id = (SELECT id FROM {users} AS u LIMIT 1)

-- name: users_shares_metadata_transcripts_and_embeddings_are_as_many_as_the_scale_says
DELETE FROM shares WHERE id = (SELECT id FROM {shares} AS s LIMIT 1)

-- name: users_shares_metadata_transcripts_and_embeddings_are_as_many_as_the_scale_says
DELETE FROM metadata WHERE id = (SELECT id FROM {metadata} AS m LIMIT 1)

-- name: users_shares_metadata_transcripts_and_embeddings_are_as_many_as_the_scale_says
DELETE FROM transcripts WHERE id = (SELECT id FROM {transcripts} AS t LIMIT 1)

-- name: users_shares_metadata_transcripts_and_embeddings_are_as_many_as_the_scale_says
DELETE FROM embeddings WHERE id = (SELECT id FROM {embeddings} AS e LIMIT 1)

-- name: no_seeded_row_hangs_in_the_air
DELETE FROM users WHERE id = (SELECT user_id FROM {shares} AS s LIMIT 1)

-- name: no_seeded_row_hangs_in_the_air
UPDATE metadata SET share_id = gen_random_uuid() WHERE id IN (SELECT id FROM {metadata} AS m)

-- name: no_seeded_row_hangs_in_the_air
UPDATE transcripts SET share_id = gen_random_uuid() WHERE id IN (SELECT id FROM {transcripts} AS t)

-- name: no_seeded_row_hangs_in_the_air
DELETE FROM shares WHERE id = (SELECT share_id FROM {embeddings} AS e LIMIT 1)

-- name: segments_are_in_order_and_add_up
UPDATE transcripts SET segments = jsonb_set(segments, '{{0,start}}', '1.5')
WHERE id = (SELECT id FROM {transcripts} AS t LIMIT 1)

-- name: segments_are_in_order_and_add_up
UPDATE transcripts SET segments = jsonb_set(segments, '{{1,end}}', '0.0')
WHERE id = (SELECT id FROM {transcripts} AS t LIMIT 1)

-- name: segments_are_in_order_and_add_up
UPDATE transcripts SET segments = segments #- '{{1,start}}'
WHERE id = (SELECT id FROM {transcripts} AS t LIMIT 1)

-- name: segments_are_the_full_text
UPDATE transcripts SET full_text = full_text || ' And more.'
WHERE id = (SELECT id FROM {transcripts} AS t LIMIT 1)

-- name: segments_are_the_full_text
UPDATE transcripts SET segments = '[]' WHERE id = (SELECT id FROM {transcripts} AS t LIMIT 1)

-- name: every_transcribed_share_has_one_embedding
DELETE FROM embeddings WHERE id = (SELECT id FROM {embeddings} AS e LIMIT 1)

-- name: every_transcribed_share_has_one_embedding
INSERT INTO embeddings (share_id, embedding)
SELECT share_id, embedding FROM {embeddings} AS e LIMIT 1

-- name: every_embedding_has_1536_dimensions_and_length_1
UPDATE embeddings SET dimensions = 768 WHERE id = (SELECT id FROM {embeddings} AS e LIMIT 1)

-- name: every_embedding_has_1536_dimensions_and_length_1
UPDATE embeddings SET embedding = embedding + embedding
WHERE id = (SELECT id FROM {embeddings} AS e LIMIT 1)

-- name: user_platform_and_transcript_join_for_every_share
UPDATE transcripts SET full_text = '' WHERE id = (SELECT id FROM {transcripts} AS t LIMIT 1)

-- name: user_platform_and_transcript_join_for_every_share
DELETE FROM users WHERE id = (SELECT user_id FROM {shares} AS s LIMIT 1)

-- name: metadata_names_the_share_s_platform
UPDATE metadata SET platform = 'myspace' WHERE id = (SELECT id FROM {metadata} AS m LIMIT 1)

-- name: metadata_names_the_share_s_platform
UPDATE shares SET platform = 'myspace' WHERE id = (SELECT id FROM {shares} AS s LIMIT 1)

-- name: every_address_is_reserved
UPDATE users SET email = 'alex@real.org' WHERE id = (SELECT id FROM {users} AS u LIMIT 1)

-- name: every_address_is_reserved
UPDATE shares SET url = 'https://reddit.com/r/all' WHERE id = (SELECT id FROM {shares} AS s LIMIT 1)

-- name: every_address_is_reserved
UPDATE metadata SET thumbnail_url = 'https://i.redd.it/a.jpg'
WHERE id = (SELECT id FROM {metadata} AS m LIMIT 1)

-- name: the_documented_login_has_its_hash
UPDATE users SET password = 'defaultpassword' WHERE email = 'alex@transcripts.test'

-- name: every_account_is_complete
-- An account has the shape that the auth server reads: no NULL where it reads a text, e-mail in
-- lower case and a reserved domain, and exactly one identity of its own.
SELECT u.id FROM auth.users AS u
LEFT JOIN auth.identities AS i ON i.user_id = u.id AND i.provider = 'email'
    AND i.provider_id = u.id::text AND i.identity_data ->> 'email' = u.email
WHERE u.id IN (SELECT id FROM {creator_users} AS c UNION ALL SELECT id FROM {viewer_users} AS v)
GROUP BY u.id HAVING count(i.id) <> 1 OR u.email <> lower(u.email)
    OR u.email NOT LIKE '%@mock.streaming.test' OR u.aud <> 'authenticated'
    OR u.role <> 'authenticated' OR u.email_confirmed_at IS NULL
    OR u.confirmation_token IS NULL OR u.recovery_token IS NULL OR u.email_change IS NULL
    OR u.email_change_token_new IS NULL OR u.raw_app_meta_data IS NULL
    OR u.raw_user_meta_data IS NULL OR u.encrypted_password NOT LIKE '$2a$10$%'

-- name: every_profile_has_its_name
-- A seeded profile is named mock_…, and only the creators' have the role of creators.
SELECT id FROM {creator_profiles} AS c
WHERE username IS NULL OR username NOT LIKE 'mock\_%' OR role <> 'creator' OR bio IS NULL
UNION ALL
SELECT id FROM {viewer_profiles} AS v
WHERE username IS NULL OR username NOT LIKE 'mock\_%' OR role <> 'viewer'

-- name: every_series_is_named_after_its_title
-- A slug begins with mock-, and the thumbnail lies in its creator's folder.
SELECT id FROM {series} AS s
WHERE slug NOT LIKE 'mock-%' OR coalesce(thumbnail_url, '') NOT LIKE
    '%/thumbnails/' || creator_id || '/' || slug || '-thumbnail.png'

-- name: every_creator_has_a_series
-- Nobody is a creator without a published series.
SELECT c.id FROM {creator_profiles} AS c WHERE NOT EXISTS (
    SELECT FROM series AS s WHERE s.creator_id = c.id AND s.status = 'published')

-- name: every_published_season_has_eight_published_episodes
-- At least 8 and at most 70, which the platform checks only while it publishes.
SELECT s.id FROM {seasons} AS s LEFT JOIN episodes AS e
    ON e.season_id = s.id AND e.status = 'published'
WHERE s.status = 'published' GROUP BY s.id HAVING count(e.id) NOT BETWEEN 8 AND 70

-- name: no_season_stays_a_draft
-- A run ends with every seeded season and episode out.
SELECT id FROM {seasons} AS s WHERE status = 'draft'
UNION ALL SELECT id FROM {episodes} AS e WHERE status = 'draft'

-- name: episodes_are_numbered_without_gaps
-- Numbers begin at 1 in every season, and dates do not go back.
SELECT id FROM (
    SELECT id, episode_number, row_number() OVER w AS place, release_date,
           lag(release_date) OVER w AS before
    FROM {episodes} AS e WINDOW w AS (PARTITION BY season_id ORDER BY episode_number)) AS o
WHERE episode_number <> place OR release_date <= before

-- name: every_published_episode_has_a_video
-- Asset and playback id are both there: an asset in error leaves them empty.
SELECT id FROM {episodes} AS e
WHERE status = 'published' AND (mux_asset_id IS NULL OR mux_playback_id IS NULL)

-- name: no_video_is_played_by_two_episodes
-- Every episode has an asset of its own, even where the source is shared.
SELECT mux_asset_id FROM {episodes} AS e
WHERE mux_asset_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1

-- name: durations_are_left_empty
-- The stored files are no 60 to 180 seconds long.
SELECT id FROM {episodes} AS e WHERE duration_seconds IS NOT NULL

-- name: follower_counts_agree_with_the_rows
-- In the mode of rows the platform's count is the number of rows, of whoever follows; in the mode
-- of counts there is a number to show, and no follower row of ours.
SELECT p.id FROM {creator_profiles} AS p LEFT JOIN followers AS f ON f.creator_id = p.id
LEFT JOIN {followers} AS own ON own.id = f.id
GROUP BY p.id, p.follower_count
HAVING CASE {option_followers} WHEN 'rows' THEN p.follower_count <> count(f.id)
       ELSE p.follower_count = 0 OR count(own.id) > 0 END

-- name: creators_have_ten_to_sixty_followers
-- More where their series are watched more; only viewers that we made are counted.
SELECT p.id FROM {creator_profiles} AS p LEFT JOIN {followers} AS f ON f.creator_id = p.id
WHERE {option_followers} = 'rows' GROUP BY p.id
HAVING count(f.id) NOT BETWEEN least(10, {viewers}) AND 60

-- name: views_lie_in_the_range_of_their_genre
-- The hero has at least 2,000 views, other series no more than 2,000; nobody counts below that.
SELECT id FROM {series} AS s
WHERE CASE WHEN is_featured AND featured_sort_order = 0 THEN view_count < 2000
      ELSE view_count < 100 END

-- name: five_series_of_five_genres_are_featured
-- At every scale five a unit: science fiction first, then thriller, drama, action, music.
SELECT wanted.place FROM (VALUES (0, 'sci-fi'), (1, 'thriller'), (2, 'drama'), (3, 'action'),
    (4, 'music')) AS wanted (place, genre)
LEFT JOIN {series} AS s ON s.is_featured AND s.featured_sort_order = wanted.place
    AND s.genre::text = wanted.genre
GROUP BY wanted.place HAVING count(s.id) <> {scale}

-- name: every_featured_series_is_picked
-- The editors' list and the series agree.
SELECT s.id FROM {series} AS s LEFT JOIN editorial_picks AS p
    ON p.series_id = s.id AND p.section = 'featured' AND p.sort_order = s.featured_sort_order
WHERE s.is_featured AND p.id IS NULL

-- name: polls_have_options_and_votes_fit
-- Two options or more, and no vote for one that is not there.
SELECT id FROM {community_posts} AS c
WHERE post_type = 'poll' AND coalesce(jsonb_array_length(poll_options), 0) < 2
UNION ALL
SELECT v.id FROM {poll_votes} AS v JOIN community_posts AS c ON c.id = v.post_id
WHERE c.post_type <> 'poll' OR v.option_index >= jsonb_array_length(c.poll_options)

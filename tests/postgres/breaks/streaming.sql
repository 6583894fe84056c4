-- name: every_account_is_complete
UPDATE auth.users SET recovery_token = NULL WHERE id = '00000000-5eed-0001-0002-000000000001';

-- name: every_account_is_complete
UPDATE auth.users SET email = 'Mock@mock.streaming.test' WHERE id = '00000000-5eed-0001-0001-000000000001';

-- name: every_account_is_complete
UPDATE auth.users SET email = 'somebody@mail.invalid' WHERE id = '00000000-5eed-0001-0001-000000000001';

-- name: every_account_is_complete
UPDATE auth.users SET encrypted_password = 'MockCreator2026!' WHERE id = '00000000-5eed-0001-0001-000000000001';

-- name: every_account_is_complete
DELETE FROM auth.identities WHERE user_id = '00000000-5eed-0001-0001-000000000001';

-- name: every_profile_has_its_name
UPDATE profiles SET username = NULL WHERE id = '00000000-5eed-0001-0002-000000000001';

-- name: every_profile_has_its_name
UPDATE profiles SET username = 'mockingbird' WHERE id = '00000000-5eed-0001-0002-000000000001';

-- name: every_profile_has_its_name
UPDATE profiles SET role = 'viewer' WHERE id = '00000000-5eed-0001-0001-000000000001';

-- name: every_profile_has_its_name
UPDATE profiles SET role = 'admin' WHERE id = '00000000-5eed-0001-0002-000000000001';

-- name: every_series_is_named_after_its_title
UPDATE series SET slug = 'real' WHERE id = '00000000-5eed-0002-0001-000000000001';

-- name: every_series_is_named_after_its_title
UPDATE series SET thumbnail_url = NULL WHERE id = '00000000-5eed-0002-0001-000000000001';

-- name: every_creator_has_a_series
UPDATE series SET status = 'archived' WHERE creator_id = '00000000-5eed-0001-0001-000000000001';

-- name: every_published_season_has_eight_published_episodes
DELETE FROM episodes WHERE id = '00000000-5eed-0002-0003-000000000001';

-- name: every_published_season_has_eight_published_episodes
UPDATE episodes SET status = 'archived' WHERE id = '00000000-5eed-0002-0003-000000000001';

-- name: no_season_stays_a_draft
UPDATE seasons SET status = 'draft' WHERE id = '00000000-5eed-0002-0002-000000000001';

-- name: no_season_stays_a_draft
UPDATE episodes SET status = 'draft' WHERE id = '00000000-5eed-0002-0003-000000000001';

-- name: episodes_are_numbered_without_gaps
UPDATE episodes SET episode_number = 20 WHERE id = '00000000-5eed-0002-0003-000000000002';

-- name: episodes_are_numbered_without_gaps
UPDATE episodes SET release_date = '2001-01-01' WHERE id = '00000000-5eed-0002-0003-000000000002';

-- name: every_published_episode_has_a_video
UPDATE episodes SET mux_playback_id = NULL WHERE id = '00000000-5eed-0002-0003-000000000001';

-- name: every_published_episode_has_a_video
UPDATE episodes SET mux_asset_id = NULL WHERE id = '00000000-5eed-0002-0003-000000000001';

-- name: no_video_is_played_by_two_episodes
UPDATE episodes SET mux_asset_id = (SELECT mux_asset_id FROM episodes WHERE id = '00000000-5eed-0002-0003-000000000002') WHERE id = '00000000-5eed-0002-0003-000000000001';

-- name: durations_are_left_empty
UPDATE episodes SET duration_seconds = 90 WHERE id = '00000000-5eed-0002-0003-000000000001';

-- name: follower_counts_agree_with_the_rows
UPDATE profiles SET follower_count = follower_count + 1 WHERE id = '00000000-5eed-0001-0001-000000000001';

-- name: creators_have_ten_to_sixty_followers
DELETE FROM followers WHERE creator_id = '00000000-5eed-0001-0001-000000000001';

-- name: views_lie_in_the_range_of_their_genre
UPDATE series SET view_count = 0 WHERE id = '00000000-5eed-0002-0001-000000000001';

-- name: views_lie_in_the_range_of_their_genre
UPDATE series SET view_count = 99 WHERE id = '00000000-5eed-0002-0001-000000000009';

-- name: five_series_of_five_genres_are_featured
UPDATE series SET is_featured = false WHERE featured_sort_order = 3;

-- name: five_series_of_five_genres_are_featured
UPDATE series SET featured_sort_order = 2 WHERE featured_sort_order = 1;

-- name: every_featured_series_is_picked
DELETE FROM editorial_picks WHERE sort_order = 4;

-- name: polls_have_options_and_votes_fit
UPDATE community_posts SET poll_options = '["one"]' WHERE post_type = 'poll';

-- name: polls_have_options_and_votes_fit
UPDATE community_posts SET poll_options = NULL WHERE post_type = 'poll';

-- name: polls_have_options_and_votes_fit
UPDATE poll_votes SET option_index = 9 WHERE id IN (SELECT id FROM poll_votes WHERE id < '00000000-5eed-0004-0000-000000000000' LIMIT 1);

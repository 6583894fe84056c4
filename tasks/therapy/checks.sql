-- name: every_user_has_a_first_name
-- Placeholder while the dataset is being built.
SELECT id FROM "User" WHERE "firstName" = ''

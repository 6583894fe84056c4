-- name: every_team_has_a_captain_of_its_own
-- The captain plays for the team.
SELECT t.id FROM {teams} AS t LEFT JOIN {players} AS p ON p.id = t.captain_id AND p.team_id = t.id
WHERE p.id IS NULL

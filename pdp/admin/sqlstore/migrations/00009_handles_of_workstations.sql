-- +goose Up
CREATE INDEX admin_handles_workstation ON admin_handles (workstation);

-- +goose Down
-- The index stays: no statement that drops one is of both dialects, and an older program
-- does not mind it.
SELECT 1;

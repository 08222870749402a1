-- +goose Up
ALTER TABLE admin_workstations ADD COLUMN proof VARCHAR(16) NOT NULL DEFAULT 'key';
ALTER TABLE admin_workstations ADD COLUMN certificate VARCHAR(64);
CREATE UNIQUE INDEX admin_workstations_certificate ON admin_workstations (certificate);

-- +goose Down
-- The index stays with its column: no statement that drops one is of both dialects.
SELECT 1;

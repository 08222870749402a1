-- +goose Up
ALTER TABLE admin_workstations ADD COLUMN registered_by VARCHAR(36) NOT NULL DEFAULT '';
ALTER TABLE admin_workstations ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE admin_workstations DROP COLUMN seen_at;
ALTER TABLE admin_workstations DROP COLUMN registered_by;

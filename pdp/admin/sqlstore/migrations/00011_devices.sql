-- +goose Up
ALTER TABLE admin_devices ADD COLUMN client VARCHAR(1024) NOT NULL DEFAULT '';
ALTER TABLE admin_sessions ADD COLUMN device VARCHAR(64) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE admin_sessions DROP COLUMN device;
ALTER TABLE admin_devices DROP COLUMN client;

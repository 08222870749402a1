-- +goose Up
CREATE TABLE admin_workstations (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  zone VARCHAR(255) NOT NULL,
  network VARCHAR(255) NOT NULL,
  host VARCHAR(255) NOT NULL,
  code_hash VARCHAR(64) NOT NULL,
  code_over_at BIGINT NOT NULL,
  key_hash VARCHAR(64) NOT NULL,
  registered_at BIGINT NOT NULL,
  enrolled_at BIGINT NOT NULL,
  removed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX admin_workstations_name ON admin_workstations (name);
CREATE INDEX admin_workstations_code ON admin_workstations (code_hash);
CREATE INDEX admin_workstations_key ON admin_workstations (key_hash);
ALTER TABLE admin_handles ADD COLUMN workstation VARCHAR(36) NOT NULL DEFAULT '';
ALTER TABLE admin_handles ADD COLUMN tapped_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE admin_carries ADD COLUMN workstation VARCHAR(36) NOT NULL DEFAULT '';
ALTER TABLE admin_carries ADD COLUMN tapped_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE admin_carries DROP COLUMN tapped_at;
ALTER TABLE admin_carries DROP COLUMN workstation;
ALTER TABLE admin_handles DROP COLUMN tapped_at;
ALTER TABLE admin_handles DROP COLUMN workstation;
DROP TABLE admin_workstations;

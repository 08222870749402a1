-- +goose Up
ALTER TABLE admin_sessions ADD COLUMN footprint VARCHAR(2048) NOT NULL DEFAULT '';
ALTER TABLE admin_sessions DROP COLUMN os;
ALTER TABLE admin_sessions DROP COLUMN browser;
ALTER TABLE admin_sessions DROP COLUMN network;
ALTER TABLE admin_sessions DROP COLUMN country;
CREATE TABLE admin_refresh_answers (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  sealed TEXT NOT NULL,
  forget_at BIGINT NOT NULL
);
CREATE INDEX admin_refresh_answers_forget ON admin_refresh_answers (forget_at);
CREATE TABLE admin_devices (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  account VARCHAR(36) NOT NULL,
  network VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL
);
CREATE INDEX admin_devices_account ON admin_devices (account, last_used_at);
CREATE TABLE admin_networks (
  account VARCHAR(36) NOT NULL,
  network VARCHAR(64) NOT NULL,
  last_used_at BIGINT NOT NULL,
  PRIMARY KEY (account, network)
);
CREATE TABLE admin_last_log_ins (
  account VARCHAR(36) NOT NULL PRIMARY KEY,
  happened_at BIGINT NOT NULL,
  place VARCHAR(2048) NOT NULL
);
CREATE TABLE admin_bans (
  account VARCHAR(36) NOT NULL PRIMARY KEY,
  reason VARCHAR(64) NOT NULL,
  banned_by VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  banned_until BIGINT NOT NULL
);
CREATE INDEX admin_bans_until ON admin_bans (banned_until);

-- +goose Down
DROP TABLE admin_bans;
DROP TABLE admin_last_log_ins;
DROP TABLE admin_networks;
DROP TABLE admin_devices;
DROP TABLE admin_refresh_answers;
ALTER TABLE admin_sessions ADD COLUMN os VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE admin_sessions ADD COLUMN browser VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE admin_sessions ADD COLUMN network VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE admin_sessions ADD COLUMN country VARCHAR(8) NOT NULL DEFAULT '';
ALTER TABLE admin_sessions DROP COLUMN footprint;

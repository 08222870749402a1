-- +goose Up
CREATE TABLE admin_orders (
  name VARCHAR(190) NOT NULL PRIMARY KEY,
  begun_at BIGINT NOT NULL,
  holds_until BIGINT NOT NULL,
  finished BIGINT NOT NULL
);
CREATE INDEX admin_orders_until ON admin_orders (holds_until);
CREATE TABLE admin_holds (
  account VARCHAR(128) NOT NULL PRIMARY KEY,
  reason VARCHAR(64) NOT NULL,
  banned_by VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  banned_until BIGINT NOT NULL
);
INSERT INTO admin_holds (account, reason, banned_by, created_at, banned_until)
  SELECT account, reason, banned_by, created_at, banned_until FROM admin_bans;
DROP TABLE admin_bans;
ALTER TABLE admin_holds RENAME TO admin_bans;
CREATE INDEX admin_bans_ends ON admin_bans (banned_until);

-- +goose Down
DROP TABLE admin_orders;

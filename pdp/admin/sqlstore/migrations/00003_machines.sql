-- +goose Up
CREATE TABLE admin_machine_keys (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  account VARCHAR(36) NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX admin_machine_keys_account ON admin_machine_keys (account);

-- +goose Down
DROP TABLE admin_machine_keys;

-- +goose Up
CREATE TABLE identity_passkeys (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  account VARCHAR(36) NOT NULL,
  mark VARCHAR(128) NOT NULL,
  key_sealed TEXT NOT NULL,
  sign_count BIGINT NOT NULL,
  signed_last VARCHAR(64) NOT NULL,
  synced BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL
);
CREATE INDEX identity_passkeys_account ON identity_passkeys (account, id);
CREATE UNIQUE INDEX identity_passkeys_mark ON identity_passkeys (mark);
CREATE TABLE identity_unnamed_used (
  challenge VARCHAR(64) NOT NULL PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX identity_unnamed_used_expiry ON identity_unnamed_used (expires_at);
INSERT INTO identity_locks (name, version) VALUES ('unnamed_since', 0);

-- +goose Down
DELETE FROM identity_locks WHERE name = 'unnamed_since';
DROP TABLE identity_unnamed_used;
DROP TABLE identity_passkeys;

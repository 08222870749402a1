-- +goose Up
CREATE TABLE identity_passes (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  account VARCHAR(36) NOT NULL,
  first_by VARCHAR(64) NOT NULL,
  second_by VARCHAR(64) NOT NULL,
  mark VARCHAR(128) NOT NULL,
  expires_at BIGINT NOT NULL,
  shift_ends_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL
);
CREATE INDEX identity_passes_account ON identity_passes (account, used_at);
CREATE TABLE identity_totp_next (
  account VARCHAR(36) NOT NULL PRIMARY KEY,
  secret_sealed TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE identity_totp_next;
DROP TABLE identity_passes;

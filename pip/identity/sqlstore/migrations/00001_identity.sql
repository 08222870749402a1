-- +goose Up
CREATE TABLE identity_accounts (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  username VARCHAR(64) NOT NULL,
  email_sealed TEXT NOT NULL,
  email_index VARCHAR(128) NOT NULL,
  password_hash VARCHAR(80) NOT NULL,
  role VARCHAR(16) NOT NULL,
  standing VARCHAR(16) NOT NULL,
  staff VARCHAR(64) NOT NULL,
  patient VARCHAR(64) NOT NULL,
  department VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identity_accounts_email ON identity_accounts (email_index);
CREATE UNIQUE INDEX identity_accounts_username ON identity_accounts (username);
CREATE TABLE identity_guards (
  subject_key VARCHAR(160) NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  failed TEXT NOT NULL,
  pending BIGINT NOT NULL,
  pending_since BIGINT NOT NULL,
  barred_until BIGINT NOT NULL,
  touched_at BIGINT NOT NULL
);
CREATE TABLE identity_challenges (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  account VARCHAR(36) NOT NULL,
  session VARCHAR(36) NOT NULL,
  purpose VARCHAR(16) NOT NULL,
  method VARCHAR(16) NOT NULL,
  kept VARCHAR(255) NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  sent_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  resends BIGINT NOT NULL,
  spent BIGINT NOT NULL
);
CREATE INDEX identity_challenges_account ON identity_challenges (account, created_at);
CREATE INDEX identity_challenges_expiry ON identity_challenges (expires_at);

-- +goose Down
DROP TABLE identity_challenges;
DROP TABLE identity_guards;
DROP TABLE identity_accounts;

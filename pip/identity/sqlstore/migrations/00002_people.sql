-- +goose Up
CREATE TABLE identity_signups (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  email_index VARCHAR(128) NOT NULL,
  sealed TEXT NOT NULL,
  password_hash VARCHAR(80) NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX identity_signups_email ON identity_signups (email_index, created_at);
CREATE INDEX identity_signups_expiry ON identity_signups (expires_at);
CREATE TABLE identity_mailings (
  subject_key VARCHAR(160) NOT NULL PRIMARY KEY,
  mails BIGINT NOT NULL,
  span_began_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL
);
CREATE TABLE identity_totp (
  account VARCHAR(36) NOT NULL PRIMARY KEY,
  secret_sealed TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  last_step BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL
);
CREATE TABLE identity_recovery_codes (
  account VARCHAR(36) NOT NULL,
  code_index VARCHAR(128) NOT NULL,
  used_at BIGINT NOT NULL,
  PRIMARY KEY (account, code_index)
);
CREATE TABLE identity_mails (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  sealed TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX identity_mails_next ON identity_mails (next_at);

-- +goose Down
DROP TABLE identity_mails;
DROP TABLE identity_recovery_codes;
DROP TABLE identity_totp;
DROP TABLE identity_mailings;
DROP TABLE identity_signups;

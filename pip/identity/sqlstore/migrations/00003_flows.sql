-- +goose Up
ALTER TABLE identity_challenges ADD COLUMN origin VARCHAR(160) NOT NULL DEFAULT '';
ALTER TABLE identity_signups ADD COLUMN network VARCHAR(64) NOT NULL DEFAULT '';
CREATE TABLE identity_failures (
  subject VARCHAR(128) NOT NULL,
  authenticator VARCHAR(160) NOT NULL,
  failures BIGINT NOT NULL,
  touched_at BIGINT NOT NULL,
  PRIMARY KEY (subject, authenticator)
);
CREATE INDEX identity_failures_touched ON identity_failures (touched_at);

-- +goose Down
DROP TABLE identity_failures;
ALTER TABLE identity_signups DROP COLUMN network;
ALTER TABLE identity_challenges DROP COLUMN origin;

-- +goose Up
CREATE TABLE identity_notices (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  account VARCHAR(36) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  happened_at BIGINT NOT NULL,
  sealed TEXT NOT NULL
);
CREATE INDEX identity_notices_account ON identity_notices (account, kind, id);
CREATE INDEX identity_notices_happened ON identity_notices (happened_at);

-- +goose Down
DROP TABLE identity_notices;

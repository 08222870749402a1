-- +goose Up
CREATE TABLE identity_usernames (
  username VARCHAR(64) NOT NULL PRIMARY KEY,
  account VARCHAR(36) NOT NULL
);
INSERT INTO identity_usernames (username, account) SELECT username, id FROM identity_accounts;

-- +goose Down
DROP TABLE identity_usernames;

-- +goose Up
CREATE TABLE identity_locks (
  name VARCHAR(32) NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL
);
INSERT INTO identity_locks (name, version) VALUES ('accounts', 0);
CREATE TABLE identity_staff_links (
  staff VARCHAR(64) NOT NULL PRIMARY KEY,
  account VARCHAR(36) NOT NULL
);
CREATE UNIQUE INDEX identity_staff_links_account ON identity_staff_links (account);
INSERT INTO identity_staff_links (staff, account)
  SELECT staff, MIN(id) FROM identity_accounts WHERE staff <> '' GROUP BY staff HAVING COUNT(*) = 1;

-- +goose Down
DROP TABLE identity_staff_links;
DROP TABLE identity_locks;

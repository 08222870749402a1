-- +goose Up
CREATE TABLE admin_endings (
  account VARCHAR(36) NOT NULL PRIMARY KEY,
  orders BIGINT NOT NULL
);

-- +goose Down
DROP TABLE admin_endings;

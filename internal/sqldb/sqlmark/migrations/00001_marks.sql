-- +goose Up
CREATE TABLE state_marks (
  name VARCHAR(32) NOT NULL PRIMARY KEY,
  id VARCHAR(36) NOT NULL,
  sequence BIGINT NOT NULL
);

-- +goose Down
DROP TABLE state_marks;

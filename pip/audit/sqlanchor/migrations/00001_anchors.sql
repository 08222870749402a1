-- +goose Up
CREATE TABLE journal_anchors (
  chain VARCHAR(64) NOT NULL PRIMARY KEY,
  seq BIGINT NOT NULL,
  head TEXT NOT NULL,
  stored_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE journal_anchors;

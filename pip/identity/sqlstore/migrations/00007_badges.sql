-- +goose Up
CREATE TABLE identity_badges (
  account VARCHAR(36) NOT NULL PRIMARY KEY,
  mark VARCHAR(128) NULL,
  pin VARCHAR(128) NOT NULL,
  tries BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX identity_badges_mark ON identity_badges (mark);

-- +goose Down
DROP TABLE identity_badges;

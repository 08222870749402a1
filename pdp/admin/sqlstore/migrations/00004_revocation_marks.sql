-- +goose Up
CREATE TABLE admin_revocation_mark (
  id BIGINT NOT NULL PRIMARY KEY,
  epoch VARCHAR(36) NOT NULL,
  sequence BIGINT NOT NULL
);
CREATE TABLE admin_ended (
  sequence BIGINT NOT NULL PRIMARY KEY,
  session VARCHAR(36) NOT NULL,
  ended_at BIGINT NOT NULL
);
CREATE INDEX admin_ended_at ON admin_ended (ended_at);

-- +goose Down
DROP TABLE admin_ended;
DROP TABLE admin_revocation_mark;

-- +goose Up
CREATE TABLE admin_handles (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  session VARCHAR(36) NOT NULL,
  host VARCHAR(255) NOT NULL,
  over_at BIGINT NOT NULL,
  elevated_by VARCHAR(128) NOT NULL,
  elevated_at BIGINT NOT NULL,
  elevated_until BIGINT NOT NULL,
  token TEXT NOT NULL,
  issued_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  FOREIGN KEY (session) REFERENCES admin_sessions (id) ON DELETE CASCADE
);
CREATE INDEX admin_handles_session ON admin_handles (session, host);
CREATE INDEX admin_handles_over ON admin_handles (over_at);
CREATE TABLE admin_carries (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  session VARCHAR(36) NOT NULL,
  host VARCHAR(255) NOT NULL,
  nonce VARCHAR(64) NOT NULL,
  over_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  elevated_by VARCHAR(128) NOT NULL,
  elevated_at BIGINT NOT NULL,
  elevated_until BIGINT NOT NULL,
  FOREIGN KEY (session) REFERENCES admin_sessions (id) ON DELETE CASCADE
);
CREATE INDEX admin_carries_session ON admin_carries (session);
CREATE INDEX admin_carries_over ON admin_carries (over_at);

-- +goose Down
DROP TABLE admin_carries;
DROP TABLE admin_handles;

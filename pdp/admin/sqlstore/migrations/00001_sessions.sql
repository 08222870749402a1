-- +goose Up
CREATE TABLE admin_sessions (
  id VARCHAR(36) NOT NULL PRIMARY KEY,
  account VARCHAR(36) NOT NULL,
  os VARCHAR(255) NOT NULL,
  browser VARCHAR(255) NOT NULL,
  network VARCHAR(255) NOT NULL,
  country VARCHAR(8) NOT NULL,
  amr VARCHAR(128) NOT NULL,
  acr VARCHAR(128) NOT NULL,
  auth_time BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  idle_until BIGINT NOT NULL,
  ends_by BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  end_reason VARCHAR(64) NOT NULL
);
CREATE INDEX admin_sessions_account ON admin_sessions (account, ended_at);
CREATE INDEX admin_sessions_ended ON admin_sessions (ended_at);
CREATE INDEX admin_sessions_ends_by ON admin_sessions (ends_by);
CREATE TABLE admin_refresh_tokens (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  session VARCHAR(36) NOT NULL,
  issued_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL,
  FOREIGN KEY (session) REFERENCES admin_sessions (id) ON DELETE CASCADE
);
CREATE INDEX admin_refresh_tokens_session ON admin_refresh_tokens (session);

-- +goose Down
DROP TABLE admin_refresh_tokens;
DROP TABLE admin_sessions;

-- +goose Up
CREATE TABLE signal_batches (
  origin VARCHAR(64) NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  added_at BIGINT NOT NULL
);
CREATE TABLE signal_tallies (
  who VARCHAR(80) NOT NULL,
  slot BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  denials BIGINT NOT NULL,
  denials_right BIGINT NOT NULL,
  denials_relationship BIGINT NOT NULL,
  denials_credential BIGINT NOT NULL,
  denials_device BIGINT NOT NULL,
  predictions BIGINT NOT NULL,
  off_hours BIGINT NOT NULL,
  failed_log_ins BIGINT NOT NULL,
  nameless BIGINT NOT NULL,
  new_device BIGINT NOT NULL,
  new_country BIGINT NOT NULL,
  impossible_travel BIGINT NOT NULL,
  PRIMARY KEY (who, slot)
);
CREATE INDEX signal_tallies_slot ON signal_tallies (slot);
CREATE TABLE signal_external (
  who VARCHAR(80) NOT NULL,
  slot BIGINT NOT NULL,
  kind VARCHAR(64) NOT NULL,
  events BIGINT NOT NULL,
  PRIMARY KEY (who, slot, kind)
);
CREATE INDEX signal_external_slot ON signal_external (slot);
CREATE TABLE signal_members (
  who VARCHAR(80) NOT NULL,
  kind VARCHAR(8) NOT NULL,
  member VARCHAR(64) NOT NULL,
  last_slot BIGINT NOT NULL,
  PRIMARY KEY (who, kind, member)
);
CREATE INDEX signal_members_slot ON signal_members (last_slot);
CREATE TABLE signal_reads (
  who VARCHAR(80) NOT NULL,
  hour_at BIGINT NOT NULL,
  patient VARCHAR(64) NOT NULL,
  PRIMARY KEY (who, hour_at, patient)
);
CREATE TABLE signal_hours (
  who VARCHAR(80) NOT NULL,
  hour_at BIGINT NOT NULL,
  patients BIGINT NOT NULL,
  PRIMARY KEY (who, hour_at)
);
CREATE INDEX signal_hours_hour ON signal_hours (hour_at);
CREATE TABLE signal_countries (
  who VARCHAR(80) NOT NULL,
  country VARCHAR(2) NOT NULL,
  last_slot BIGINT NOT NULL,
  PRIMARY KEY (who, country)
);

-- +goose Down
DROP TABLE signal_countries;
DROP TABLE signal_hours;
DROP TABLE signal_reads;
DROP TABLE signal_members;
DROP TABLE signal_external;
DROP TABLE signal_tallies;
DROP TABLE signal_batches;

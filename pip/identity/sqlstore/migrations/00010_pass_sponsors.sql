-- +goose Up
ALTER TABLE identity_passes ADD COLUMN first_role VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE identity_passes ADD COLUMN second_role VARCHAR(64) NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE identity_passes DROP COLUMN second_role;
ALTER TABLE identity_passes DROP COLUMN first_role;

-- +goose Up
-- Which roles there are is for the rule book to say. SQLite cannot drop a check: the table is made anew, and whose rows name a member of staff is compared at the end.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE staff_kept AS SELECT id, name, role, department_id FROM staff;
DROP TABLE staff;
CREATE TABLE staff (id VARCHAR(36) NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL, role VARCHAR(16) NOT NULL, department_id VARCHAR(36) NOT NULL, FOREIGN KEY (department_id) REFERENCES departments (id));
INSERT INTO staff (id, name, role, department_id) SELECT id, name, role, department_id FROM staff_kept;
DROP TABLE staff_kept;

-- +goose Down
-- Rows with other roles would be lost: the check does not come back.
SELECT 1;

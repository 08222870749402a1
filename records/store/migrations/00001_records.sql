-- +goose Up
CREATE TABLE departments (id VARCHAR(36) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL);
CREATE TABLE staff (id VARCHAR(36) NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL, role VARCHAR(16) NOT NULL, department_id VARCHAR(36) NOT NULL, CHECK (role IN ('doctor', 'nurse')), FOREIGN KEY (department_id) REFERENCES departments (id));
CREATE TABLE patients (id VARCHAR(36) NOT NULL PRIMARY KEY, number VARCHAR(16) NOT NULL UNIQUE, name TEXT NOT NULL, contact TEXT NOT NULL, national_id TEXT NOT NULL, date_of_birth TEXT NOT NULL, sex VARCHAR(16) NOT NULL, blood_group TEXT NOT NULL, diagnoses TEXT NOT NULL, allergies TEXT NOT NULL, chronic_conditions TEXT NOT NULL, purpose_of_visit TEXT NOT NULL, doctor_id VARCHAR(36) NOT NULL, department_id VARCHAR(36) NOT NULL, admitted_at BIGINT NOT NULL, deleted_at BIGINT, version BIGINT NOT NULL, FOREIGN KEY (doctor_id) REFERENCES staff (id), FOREIGN KEY (department_id) REFERENCES departments (id));
CREATE INDEX patients_doctor ON patients (doctor_id, id);
CREATE INDEX patients_department ON patients (department_id, id);
CREATE TABLE enrolments (patient_id VARCHAR(36) NOT NULL PRIMARY KEY, code_hash VARCHAR(80) NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT, FOREIGN KEY (patient_id) REFERENCES patients (id));
CREATE TABLE services (id VARCHAR(36) NOT NULL PRIMARY KEY, patient_id VARCHAR(36) NOT NULL, kind VARCHAR(16) NOT NULL, medication_name TEXT NOT NULL, dosage_instructions TEXT NOT NULL, treatment_details TEXT NOT NULL, status VARCHAR(16) NOT NULL, ordered_at BIGINT NOT NULL, ordered_by VARCHAR(36) NOT NULL, done_at BIGINT, done_by VARCHAR(36), deleted_at BIGINT, version BIGINT NOT NULL, CHECK (status IN ('planned', 'done')), FOREIGN KEY (patient_id) REFERENCES patients (id), FOREIGN KEY (ordered_by) REFERENCES staff (id), FOREIGN KEY (done_by) REFERENCES staff (id));
CREATE INDEX services_patient ON services (patient_id, id);
CREATE TABLE bills (id VARCHAR(36) NOT NULL PRIMARY KEY, patient_id VARCHAR(36) NOT NULL, description TEXT NOT NULL, amount BIGINT NOT NULL, currency CHAR(3) NOT NULL, issued_at BIGINT NOT NULL, due_at BIGINT NOT NULL, status VARCHAR(16) NOT NULL, CHECK (status IN ('open', 'partly_paid', 'paid')), FOREIGN KEY (patient_id) REFERENCES patients (id));
CREATE INDEX bills_patient ON bills (patient_id, id);
CREATE TABLE payments (id VARCHAR(36) NOT NULL PRIMARY KEY, bill_id VARCHAR(36) NOT NULL, amount BIGINT NOT NULL, currency CHAR(3) NOT NULL, method VARCHAR(16) NOT NULL, paid_at BIGINT NOT NULL, FOREIGN KEY (bill_id) REFERENCES bills (id));
CREATE INDEX payments_bill ON payments (bill_id, id);
CREATE TABLE seal_check (id VARCHAR(36) NOT NULL PRIMARY KEY, sealed TEXT NOT NULL);
CREATE VIEW care_patient AS SELECT id AS patient_id, doctor_id AS staff_id, department_id AS department_id FROM patients WHERE deleted_at IS NULL;
CREATE VIEW care_service AS SELECT services.id AS service_id, services.patient_id AS patient_id FROM services JOIN patients ON patients.id = services.patient_id WHERE services.deleted_at IS NULL AND patients.deleted_at IS NULL;

-- +goose Down
DROP VIEW care_service;
DROP VIEW care_patient;
DROP TABLE seal_check;
DROP TABLE payments;
DROP TABLE bills;
DROP TABLE services;
DROP TABLE enrolments;
DROP TABLE patients;
DROP TABLE staff;
DROP TABLE departments;

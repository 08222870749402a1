package authz.tables

# METADATA
# title: Columns of a patient that are withheld off-site
# description: Never allergies. A hidden allergy kills.
withheld_off_site := {"contact", "national_id"}

# METADATA
# title: Columns of a patient that a role does not need
withheld_from := {"nurse": {"national_id"}}

# METADATA
# title: The columns that records have
# description: |
#   Not for editing: the records service has these. A name in the tables above
#   that is not among them is refused when the rule book is loaded.
columns := {
	"admitted_at",
	"allergies",
	"amount",
	"blood_group",
	"chronic_conditions",
	"contact",
	"currency",
	"date_of_birth",
	"department_id",
	"department_name",
	"description",
	"diagnoses",
	"doctor_id",
	"doctor_name",
	"done_at",
	"done_by",
	"dosage_instructions",
	"due_at",
	"id",
	"issued_at",
	"kind",
	"medication_name",
	"method",
	"name",
	"national_id",
	"number",
	"ordered_at",
	"ordered_by",
	"paid_at",
	"patient_id",
	"payments",
	"purpose_of_visit",
	"sex",
	"status",
	"treatment_details",
	"version",
}

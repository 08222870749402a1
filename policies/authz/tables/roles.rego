package authz.tables

# METADATA
# title: The roles that accounts have
# description: |
#   What a role may do stands in rights; no other table may name a role that has
#   no row here. An account whose role has none is nobody's.
#     kind     staff, patient, machine, officer or auditor: who bears it
#     sign_up  true: people may ask for an account with it. A patient's opens with
#              an enrolment code, everybody else's waits for approval
#     record   staff or patient: the record that the account is linked to, or none
# custom:
#   sp800_207: "2.1, tenet 3"
#   iso_27001: "A.5.16, identity management"
roles := {
	# role             kind               sign-up         record
	"doctor": {"kind": "staff", "sign_up": true, "record": "staff"},
	"nurse": {"kind": "staff", "sign_up": true, "record": "staff"},
	"patient": {"kind": "patient", "sign_up": true, "record": "patient"},
	"security": {"kind": "officer", "sign_up": false, "record": "none"},
	"auditor": {"kind": "auditor", "sign_up": false, "record": "none"},
	"machine": {"kind": "machine", "sign_up": false, "record": "none"},
}

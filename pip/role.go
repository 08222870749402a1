package pip

import (
	"maps"
	"slices"
)

// A Role is one row of the rule book's table of roles: what kind of account
// bears it. What a role may do stands in the table of rights. No account has
// the zero Role, and no person may sign up for it.
type Role struct {
	Kind   RoleKind `json:"kind"`
	SignUp bool     `json:"sign_up"` // people may ask for an account with it
	Record Record   `json:"record"`
}

// RoleKind says who bears a role.
type RoleKind string

// The kinds. The zero RoleKind is none of them.
const (
	RoleStaff   RoleKind = "staff"   // people who work here
	RolePatient RoleKind = "patient" // people who are treated here
	RoleMachine RoleKind = "machine" // a program with a key instead of a password
	RoleOfficer RoleKind = "officer" // people who administer accounts
	RoleAuditor RoleKind = "auditor" // people who read the evidence, and change nothing
)

// RoleKinds returns all kinds of roles.
func RoleKinds() []RoleKind {
	return []RoleKind{RoleStaff, RolePatient, RoleMachine, RoleOfficer, RoleAuditor}
}

// Record is the record that an account needs beside the account itself.
type Record string

// The records. The zero Record is none of them.
const (
	RecordNone    Record = "none"
	RecordStaff   Record = "staff"   // of a member of staff, with a department
	RecordPatient Record = "patient" // the own patient record
)

// Records returns all records.
func Records() []Record { return []Record{RecordNone, RecordStaff, RecordPatient} }

// Roles are the roles of one rule book by name. They are not to be changed. A
// name without a row is the zero Role.
type Roles map[string]Role

// Names returns the names in alphabetical order.
func (r Roles) Names() []string { return slices.Sorted(maps.Keys(r)) }

// Of returns the names of the roles of a kind.
func (r Roles) Of(kind RoleKind) []string {
	return slices.DeleteFunc(r.Names(), func(name string) bool { return r[name].Kind != kind })
}

// SignUp returns the names of the roles that people may sign up for.
func (r Roles) SignUp() []string {
	return slices.DeleteFunc(r.Names(), func(name string) bool { return !r[name].SignUp })
}

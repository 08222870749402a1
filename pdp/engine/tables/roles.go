package tables

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wardgate/wardgate/pip"
)

// roleTables are those that name roles beside the tables of roles and rights.
type roleTables struct {
	Hours   map[string]map[string]string `json:"hours"`
	Fragile []string                     `json:"fragile_withheld"`
}

// namesFaults reports roles that other tables name and the table of roles does
// not have, and reaches that the kind of account cannot have.
func (d *tablesDocument) namesFaults() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	known := func(place, role string) bool {
		if _, there := d.Roles[role]; !there && len(d.Roles) > 0 {
			fault("%s: %q has no row in roles%s", place, role, Near(role, d.Roles.Names()))
			return false
		}
		return true
	}
	for _, right := range slices.Sorted(maps.Keys(d.Rights)) {
		cells := d.Rights[right]
		for _, role := range slices.Sorted(maps.Keys(cells)) {
			if place := "rights." + right; role != anyone && known(place, role) && !reaches(d.Roles[role], cells[role]) {
				fault("%s: a role like %q cannot reach %q: see its row in roles", place, role, cells[role])
			}
		}
	}
	for _, right := range slices.Sorted(maps.Keys(d.Hours)) {
		for _, role := range slices.Sorted(maps.Keys(d.Hours[right])) {
			known("hours."+right, role)
		}
	}
	for _, role := range slices.Sorted(maps.Keys(d.From)) {
		known("withheld_from."+role, role)
	}
	for _, role := range slices.Sorted(maps.Keys(d.Stale)) {
		known("stale_revocation_reads."+role, role)
	}
	for _, role := range d.Fragile {
		known("fragile_withheld."+role, role)
	}
	return faults
}

// Reaches are the words for over which people a right is that a role can have. A book may
// have others, which its own rules then ask for.
var Reaches = []string{"own", "department", "self", "account", "any", "all", "public"}

// reaches reports whether an account of the role can have what the reach is
// about: to own patients takes a staff record, to be one takes a patient's, and
// the whole hospital is for those who work there. Other words are for the rules.
func reaches(role pip.Role, reach string) bool {
	switch reach {
	case "own", "department":
		return role.Record == pip.RecordStaff
	case "self":
		return role.Record == pip.RecordPatient
	case "all":
		return role.Kind == pip.RoleStaff || role.Kind == pip.RoleOfficer
	default:
		return true
	}
}

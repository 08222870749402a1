package tables

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pip"
)

// Allergies is the column that no book may withhold from those who treat: a
// hidden allergy kills.
const Allergies = "allergies"

// Treats reports whether an account of this role treats patients, or stands for
// somebody who does: a clinic's own system shows what it reads to staff.
func Treats(r pip.Role) bool { return r.Kind == pip.RoleStaff || r.Kind == pip.RoleMachine }

// HidesAllergies reports whether a JSON Pointer of a mask would take allergies
// out of an answer. Names match in any case and by their beginning, since other
// applications spell the member otherwise (allergyList, AllergyIntolerance).
func HidesAllergies(pointer string) bool {
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for token := range strings.SplitSeq(pointer, "/") {
		if strings.Contains(strings.ToLower(unescape.Replace(token)), "allerg") {
			return true
		}
	}
	last := pointer[strings.LastIndex(pointer, "/")+1:]
	return last == "" || last == "*" // the whole answer, or all that an object has
}

// neverWithheld says why a table is refused.
const neverWithheld = "allergies are never withheld from those who treat a patient; remove it"

// allergyFaults reports every table that would withhold allergies.
func (d *tablesDocument) allergyFaults() []error {
	var faults []error
	fault := func(place string) { faults = append(faults, fmt.Errorf("%s: %s", place, neverWithheld)) }
	if slices.Contains(d.OffSite, Allergies) {
		fault("withheld_off_site." + Allergies)
	}
	for _, role := range slices.Sorted(maps.Keys(d.From)) {
		if r, known := d.Roles[role]; slices.Contains(d.From[role], Allergies) && (!known || Treats(r)) {
			fault("withheld_from." + role)
		}
	}
	for _, action := range slices.Sorted(maps.Keys(d.Masks)) {
		for _, who := range slices.Sorted(maps.Keys(d.Masks[action])) {
			if r, known := d.Roles[who]; known && !Treats(r) {
				continue
			}
			for _, pointer := range d.Masks[action][who].Pointers {
				if HidesAllergies(pointer) {
					faults = append(faults, fmt.Errorf("masks.%s: for %s: %q: %s", action, who, pointer, neverWithheld))
				}
			}
		}
	}
	return faults
}

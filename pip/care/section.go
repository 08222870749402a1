package care

import (
	"slices"

	"github.com/wardgate/wardgate/pip"
)

// Section is what rules see of a care relationship.
func Section() pip.Section {
	return pip.Measured("care", pip.Freshness{StaleAfter: 2, UnknownAfter: 30},
		pip.BooleanOf("treats"), pip.BooleanOf("same_department"), pip.BooleanOf("own"))
}

// Write says what a relationship is to who asks. It compares ids that are both there: two missing ids are not a match.
func Write(r *Relationship, reading pip.Reading, f *pip.Facts, w pip.Words) {
	who := &f.Identity
	f.Patient = r.Patient
	w.Trust(reading)
	w.Boolean("treats", who.Staff != "" && slices.Contains(r.Staff, who.Staff))
	w.Boolean("same_department", who.Department != "" && r.Department == who.Department)
	w.Boolean("own", who.Patient != "" && r.Patient == who.Patient)
}

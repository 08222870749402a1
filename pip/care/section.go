package care

import (
	"slices"

	"github.com/wardgate/wardgate/pip"
)

// Section is what rules see of a care relationship.
func Section() pip.Section {
	s := pip.Measured("care", pip.Freshness{StaleAfter: 2, UnknownAfter: 30},
		pip.BooleanOf("treats"), pip.BooleanOf("same_department"), pip.BooleanOf("own"))
	s.Reword = reword
	return s
}

// members are those of a relationship. Where it is too old to be told of, the journal
// has them in one number: 1, and a bit for each from the second on.
var members = [...]string{"treats", "same_department", "own"}

// reword takes back what is too old to be known, and says what no longer is.
func reword(_ *pip.Situation, w pip.Words) {
	state, _ := w.Trusted()
	n, _ := w.Measured(0)
	if state != pip.Unknown && n == 0 {
		return
	}
	for i, member := range members {
		w.Boolean(member, state != pip.Unknown && n>>(i+1)&1 == 1)
	}
}

// Write says what a relationship is to who asks. It compares ids that are both there: two missing ids are not a match.
// Of a relationship that is not known, or too old to be trusted, nothing is said.
func Write(r *Relationship, reading pip.Reading, f *pip.Facts, w pip.Words) {
	who := &f.Identity
	f.Patient = r.Patient
	is := [...]bool{
		who.Staff != "" && slices.Contains(r.Staff, who.Staff),
		who.Department != "" && r.Department == who.Department,
		who.Patient != "" && r.Patient == who.Patient,
	}
	if w.Trust(reading) != pip.Unknown {
		for i, member := range members {
			w.Boolean(member, is[i])
		}
		return
	}
	if reading.State == pip.Unknown {
		return
	}
	n := int64(1)
	for i := range is {
		if is[i] {
			n |= 2 << i
		}
	}
	w.Measure(0, n)
}

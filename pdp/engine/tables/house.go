package tables

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// houseTables are those that the rest of the house reads and the engine only
// checks.
type houseTables struct {
	Roles   pip.Roles      `json:"roles"`
	Reasons pdp.Reasons    `json:"reasons"`
	Quotas  map[string]int `json:"quotas"` // a book may be without them
}

// house puts together what the rest of the house reads, and reports what is
// wrong with it.
func (d *tablesDocument) house(revision string) (*pdp.Tables, []error) {
	t := &pdp.Tables{
		Revision: revision, Routes: routesOf(d.Routes), Roles: d.Roles, Reasons: d.Reasons, Anonymous: d.Limits.anonymousRows.typed(), Recorded: d.Limits.recorded(), UnderWay: d.Limits.underWayRows.typed(), Quotas: d.Quotas,
	}
	t.Anonymous.Costly = make(map[string]bool, len(d.Costly))
	for _, action := range d.Costly {
		t.Anonymous.Costly[action] = true
	}
	return t, slices.Concat(roleFaults(d.Roles), reasonFaults(d.Reasons), quotaFaults(d.Quotas), weightFaults(t.Routes))
}

// The largest numbers of quotas and weights.
const (
	maxQuota  = 100_000_000_000
	maxWeight = 1000
)

func quotaFaults(quotas map[string]int) []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(quotas)) {
		switch n := quotas[name]; {
		case !slices.Contains(pdp.OwnApplications, name):
			faults = append(faults, fmt.Errorf("quotas.%s: expected one of Wardgate's own services; other applications have theirs in applications of the configuration, as quota%s", name, Near(name, pdp.OwnApplications)))
		case n < 1 || n > maxQuota:
			faults = append(faults, fmt.Errorf("quotas.%s: expected a whole number of requests a minute from 1 to %d", name, maxQuota))
		}
	}
	return faults
}

func weightFaults(routes []pdp.Route) []error {
	var faults []error
	for _, row := range routes {
		if row.Weight < 0 || row.Weight > maxWeight {
			faults = append(faults, fmt.Errorf("routes: %s %s: weight: expected a whole number from 1 to %d, or none, which is 1", row.Method, row.Path, maxWeight))
		}
	}
	return faults
}

// The longest names, in bytes. Stores keep roles in columns of this width.
const (
	maxRole = 16
	maxCode = 64
)

func roleFaults(roles pip.Roles) []error {
	if len(roles) == 0 {
		return []error{fmt.Errorf("roles is missing or empty: add authz/tables/roles.rego, a row for each role with its kind, sign_up and record; docs/policy-guide.md shows one")}
	}
	var faults []error
	for _, name := range roles.Names() {
		row := roles[name]
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("roles.%s: "+format, append([]any{name}, args...)...))
		}
		switch {
		case !plainWord(name, maxRole) || name == anyone:
			fault("expected a name of at most %d lower-case letters, digits and _, and not %q", maxRole, anyone)
		case !slices.Contains(pip.RoleKinds(), row.Kind):
			fault("kind: %q is none%s", row.Kind, Near(string(row.Kind), strings.Split(list(pip.RoleKinds()), ", ")))
		case !slices.Contains(pip.Records(), row.Record):
			fault("record: %q is none%s", row.Record, Near(string(row.Record), strings.Split(list(pip.Records()), ", ")))
		case (row.Kind == pip.RolePatient) != (row.Record == pip.RecordPatient):
			fault("record: patients have a patient record, and nobody else has one")
		case row.SignUp && row.Kind != pip.RoleStaff && row.Kind != pip.RolePatient:
			fault("sign_up: people sign up as staff and as patients alone")
		case row.Record == pip.RecordStaff && row.Kind == pip.RoleMachine:
			fault("record: a machine has none")
		}
	}
	return faults
}

// anyone is the word of rights for everybody, which is no role.
const anyone = "anyone"

func reasonFaults(reasons pdp.Reasons) []error {
	if len(reasons) == 0 {
		return []error{fmt.Errorf("reasons is missing or empty: add authz/tables/reasons.rego, a row for each code that a rule denies with; docs/policy-guide.md shows one")}
	}
	var faults []error
	texts := map[string]string{} // language -> that of the first row about a relationship
	told := map[string]string{}  // sentence -> the first code of which people are told it
	for _, code := range slices.Sorted(maps.Keys(reasons)) {
		row := reasons[code]
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("reasons.%s: "+format, append([]any{code}, args...)...))
		}
		if !plainWord(code, maxCode) {
			fault("expected a code of at most %d lower-case letters, digits and _", maxCode)
		}
		if !slices.Contains(pdp.Classes(), row.Class) {
			fault("class: %q is none%s", row.Class, Near(string(row.Class), strings.Split(list(pdp.Classes()), ", ")))
		}
		if !slices.Contains(pdp.Statuses(), row.Status) {
			fault("status: expected one of %s", list(pdp.Statuses()))
		}
		if as, known := reasons[row.Shown]; row.Shown != "" && (!known || as.Status != row.Status || as.Shown != "") {
			fault("shown: %q is no code that is shown as itself, with the same status", row.Shown)
		}
		for _, language := range slices.Sorted(maps.Keys(row.Text)) {
			if !slices.Contains(pdp.Languages(), language) {
				fault("text: %q is no language of the house%s", language, Near(language, pdp.Languages()))
			}
		}
		for _, language := range pdp.Languages() {
			text := row.Text[language]
			if strings.TrimSpace(text) == "" {
				fault("text: there is no sentence in %q", language)
			}
			if first, again := told[text]; !again {
				told[text] = code
			} else if !maps.Equal(row.Text, reasons[first].Text) {
				fault("text: in %q it is that of %s, which says something else in another language", language, first)
			}
			if row.Class != pdp.ClassRelationship {
				continue
			}
			if first, known := texts[language]; known && first != text {
				fault("text: codes of class relationship tell whether a record exists, and so have one text; this one differs in %q", language)
			} else if !known {
				texts[language] = text
			}
		}
	}
	return append(faults, askFaults(reasons)...)
}

// askFaults holds that who can be asked is said in every language or in none, and that it
// tells no more than the text whether a record exists.
func askFaults(reasons pdp.Reasons) (faults []error) {
	related := ""
	for _, code := range slices.Sorted(maps.Keys(reasons)) {
		row := reasons[code]
		for language := range row.Ask {
			if !slices.Contains(pdp.Languages(), language) {
				faults = append(faults, fmt.Errorf("reasons.%s: ask: %q is no language of the house%s", code, language, Near(language, pdp.Languages())))
			}
		}
		for _, language := range pdp.Languages() {
			if row.Ask != nil && strings.TrimSpace(row.Ask[language]) == "" {
				faults = append(faults, fmt.Errorf("reasons.%s: ask: there is no sentence in %q", code, language))
			}
		}
		if row.Class != pdp.ClassRelationship {
			continue
		}
		if related == "" {
			related = code
		}
		if !maps.Equal(row.Ask, reasons[related].Ask) {
			faults = append(faults, fmt.Errorf("reasons.%s: ask: codes of class relationship tell whether a record exists, and so name the same people; %s names others", code, related))
		}
	}
	return faults
}

// plainWord reports whether a name is one that stands in journals and headers
// as it is.
func plainWord(name string, most int) bool {
	odd := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' }
	return name != "" && len(name) <= most && name[0] >= 'a' && name[0] <= 'z' && !strings.ContainsFunc(name, odd)
}

func list[T any](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}

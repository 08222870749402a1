package whocan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
	"github.com/wardgate/wardgate/pip"
)

// A Person is an account.
type Person struct {
	ID, Role                   string
	State                      string // "active", "pending" or "disabled"
	Staff, Patient, Department string // ids of what it is linked to
}

// A Patient is an id, and who treats it.
type Patient struct {
	ID         string
	Staff      []string
	Department string
}

// People is who can take one action on which patients, from which devices.
type People struct {
	Book     string   `json:"book"`
	Revision string   `json:"revision"`
	Action   string   `json:"action"`
	Devices  []string `json:"devices"` // the classes that were looked at
	Accounts int      `json:"accounts"`
	Patients int      `json:"patients"` // 0 for an action that is about no patient
	Asked    int      `json:"combinations"`
	// Allowed has an entry for each account that is allowed anything.
	Allowed []Account `json:"allowed"`

	Duration time.Duration `json:"duration_ns"`
}

// An Account is what one account can do.
type Account struct {
	ID   string  `json:"id"`
	Role string  `json:"role"`
	Can  []Reach `json:"can"`
}

// A Reach is the patients that an account reaches from some devices, in a situation
// in which all needs are met. Without patients the action is about none.
type Reach struct {
	Relation string   `json:"relation,omitempty"`
	Devices  []string `json:"devices"`
	Needs    []Need   `json:"needs"`
	Patients []string `json:"patients,omitempty"`
}

// relation is what an account is to a patient.
type relation struct{ treats, sameDepartment, own bool }

// String is a relation in words.
func (r relation) String() string {
	var words []string
	for _, one := range []struct {
		is   bool
		word string
	}{{r.treats, "treats"}, {r.sameDepartment, "own department"}, {r.own, "own record"}} {
		if one.is {
			words = append(words, one.word)
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// of is what an account is to a patient, as the information point about care says.
func of(who *Person, p *Patient) relation {
	return relation{
		treats:         who.Staff != "" && slices.Contains(p.Staff, who.Staff),
		sameDepartment: who.Department != "" && p.Department == who.Department,
		own:            who.Patient != "" && p.ID == who.Patient,
	}
}

// FindPeople asks a rule book about every account, class of devices and patient. The
// diagram of the action is taken once for each kind of account and relation;
// everybody else is looked up.
func FindPeople(ctx context.Context, name string, files rulebook.Files, points []pip.Section, action string, who []Person, patients []Patient) (*People, error) {
	begun := time.Now()
	b, err := prove.Open(ctx, files, points)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	a := prove.Analyse(b)
	f, err := newFinder(a, a.Books[0], Config{Action: action})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	l, err := f.lookup(action)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &People{Book: name, Revision: b.Revision(), Action: action, Accounts: len(who), Patients: len(patients), Allowed: []Account{}}
	for _, d := range l.devices {
		p.Devices = append(p.Devices, d.name)
	}
	if len(l.types) == 0 {
		p.Patients = 0
		patients = nil
	}
	p.Asked = len(who) * len(l.devices) * max(1, len(patients))
	for i := range who {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if one := l.account(&who[i], patients); len(one.Can) > 0 {
			p.Allowed = append(p.Allowed, one)
		}
	}
	p.Duration = time.Since(begun)
	return p, nil
}

// A device is a class of them: how it compares with the one of the log-in, and where
// it is.
type deviceClass struct {
	name         string
	match, place int // values
}

// A lookup answers for one action.
type lookup struct {
	*finder
	allows, possible symbolic.Node
	devices          []deviceClass
	types            []int // of resources that are a patient's; none for an action about no patient
	known            map[kind][]Reach
}

// A kind is all that tells accounts and relations apart.
type kind struct {
	role, state string
	relation
	one bool // about one patient
}

// lookup prepares an action: about which resources it is, the routes say.
func (f *finder) lookup(action string) (*lookup, error) {
	value, ok := f.Space.ValueOf(f.action, ast.StringTerm(action))
	if !ok {
		return nil, fmt.Errorf("no rule knows the action %q", action)
	}
	l := &lookup{
		finder: f, known: map[kind][]Reach{},
		allows: f.d.Fix(f.allows, f.action, value), possible: f.d.Fix(f.possible, f.action, value),
	}
	resource := f.Space.Find("resource.type")
	for _, row := range f.book.Loaded().Tables.House.Routes {
		if row.Action != action || row.Resource != "patient" && row.Resource != "service" || !row.One() {
			continue
		}
		if v, ok := f.Space.ValueOf(resource, ast.StringTerm(row.Resource)); ok && !slices.Contains(l.types, v) {
			l.types = append(l.types, v)
		}
	}
	match, place := f.Space.Find("context.device.match"), f.Space.Find("context.location.place")
	for m := range f.Space.Variables()[match].Values {
		for p := range f.Space.Variables()[place].Values {
			if here, device := f.writer.Value(place, p), f.writer.Value(match, m); f.writer.Can(match, m) && f.writer.Can(place, p) && !unknown(here) && !unknown(device) {
				l.devices = append(l.devices, deviceClass{device + " device, " + strings.ReplaceAll(here, "_", "-"), m, p})
			}
		}
	}
	return l, nil
}

func unknown(word string) bool { return word == "nothing" || word == "missing" }

// account looks up what an account can do.
func (l *lookup) account(who *Person, patients []Patient) Account {
	one := Account{ID: who.ID, Role: who.Role, Can: []Reach{}}
	if len(l.types) == 0 {
		one.Can = append(one.Can, l.reach(kind{role: who.Role, state: who.State})...)
		return one
	}
	groups := map[relation][]string{}
	for i := range patients {
		r := of(who, &patients[i])
		groups[r] = append(groups[r], patients[i].ID)
	}
	for r, ids := range groups {
		for _, reach := range l.reach(kind{who.Role, who.State, r, true}) {
			reach.Patients, reach.Relation = ids, r.String()
			one.Can = append(one.Can, reach)
		}
	}
	slices.SortFunc(one.Can, func(a, b Reach) int {
		return cmp.Or(strings.Compare(a.Relation, b.Relation), slices.Compare(a.Devices, b.Devices))
	})
	return one
}

// reach is from which devices accounts of a kind are allowed in some situation, those
// with the same needs together.
func (l *lookup) reach(k kind) []Reach {
	if known, ok := l.known[k]; ok {
		return known
	}
	var list []Reach
	at := map[string]int{}
	allows, possible := l.fixed(l.allows, k), l.fixed(l.possible, k)
	for _, d := range l.devices {
		fix := func(n symbolic.Node) symbolic.Node {
			n = l.d.Fix(n, l.Space.Find("context.device.match"), d.match)
			return l.d.Fix(n, l.Space.Find("context.location.place"), d.place)
		}
		allowed := fix(allows)
		if allowed == symbolic.No {
			continue
		}
		n := l.needed(allowed, fix(possible))
		key := fmt.Sprint(n.list)
		i, known := at[key]
		if !known {
			i, at[key] = len(list), len(list)
			list = append(list, Reach{Needs: n.list})
		}
		list[i].Devices = append(list[i].Devices, d.name)
	}
	l.known[k] = list
	return list
}

// fixed is a function for accounts of a kind: the facts about them, the device and the
// place are known, and what is needed beside is left.
func (l *lookup) fixed(n symbolic.Node, k kind) symbolic.Node {
	word := func(path, text string) {
		i := l.Space.Find(path)
		v, ok := l.Space.ValueOf(i, ast.StringTerm(text))
		if !ok { // a text that no rule names
			for other := range l.Space.Variables()[i].Values {
				if l.Space.Variables()[i].Other(other) && l.Space.SameAs(i, other) == "" {
					v, ok = other, true
				}
			}
		}
		if !ok {
			n = symbolic.No
			return
		}
		n = l.d.Fix(n, i, v)
	}
	truth := func(path string, is bool) {
		i := l.Space.Find(path)
		if v, ok := l.Space.ValueOf(i, ast.BooleanTerm(is)); ok {
			n = l.d.Fix(n, i, v)
		}
	}
	word(roleMember, k.role)
	word("subject.properties.account", k.state)
	if role := l.book.Loaded().Tables.House.Roles[k.role]; role.Kind == pip.RoleMachine {
		word("subject.type", "machine")
	} else {
		word("subject.type", "user")
	}
	word("context.device.state", "fresh")
	word("context.location.state", "fresh")
	if k.one {
		word("context.care.state", "fresh")
		truth("context.care.treats", k.treats)
		truth("context.care.same_department", k.sameDepartment)
		truth("context.care.own", k.own)
		id, kind := l.Space.Find("resource.id"), l.Space.Find("resource.type")
		if v, ok := l.Space.ValueOf(id, ast.StringTerm("")); ok {
			n = l.d.And(n, l.d.Not(l.d.Is(id, v)))
		}
		n = l.d.And(n, l.d.In(kind, func(v int) bool { return slices.Contains(l.types, v) }))
	}
	return n
}

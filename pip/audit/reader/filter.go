package reader

import (
	"bytes"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

// A Filter narrows a query. A zero field lets everything pass.
type Filter struct {
	From     uint64     // the first seq of interest
	Kind     pip.Kind   // one kind only
	Kinds    []pip.Kind // one of these
	Subject  string     // account id
	Patient  string     // whose data was in the answer, or was asked for
	Session  string     // session id
	Decision string     // decision id: the decision and its outcome
	Rule     string     // that allowed it, by folder and code: "role/role"
	Since    time.Time  // of the event, inclusive
	Until    time.Time  // of the event, exclusive
}

func (f *Filter) match(e *pip.Event) bool {
	return (f.Kind == "" || e.Kind == f.Kind) &&
		(len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) &&
		(f.Subject == "" || e.Subject == f.Subject) &&
		(f.Patient == "" || slices.Contains(e.Patients, f.Patient)) &&
		(f.Session == "" || e.Session == f.Session) &&
		(f.Decision == "" || e.Decision == f.Decision) &&
		(f.Rule == "" || slices.Contains(e.Rules, f.Rule)) &&
		(f.Since.IsZero() || !e.Time.Before(f.Since)) &&
		(f.Until.IsZero() || e.Time.Before(f.Until))
}

// needles are strings that the JSON of every matching record holds. Looking
// for them first spares decoding almost all of the others.
func (f *Filter) needles() [][]byte {
	var out [][]byte
	for name, value := range map[string]string{
		`"kind":`: string(f.Kind), `"subject":`: f.Subject, `"decision":`: f.Decision, `"session":`: f.Session, ``: f.Patient,
	} {
		if value != "" {
			out = append(out, chain.AppendString([]byte(name), value))
		}
	}
	if f.Rule != "" {
		out = append(out, chain.AppendString(nil, f.Rule))
	}
	return out
}

// kinds are strings of which the JSON of every matching record holds one.
func (f *Filter) kinds() [][]byte {
	var out [][]byte
	for _, kind := range f.Kinds {
		out = append(out, chain.AppendString([]byte(`"kind":`), string(kind)))
	}
	return out
}

func containsAny(text []byte, needles [][]byte) bool {
	return len(needles) == 0 || slices.ContainsFunc(needles, func(n []byte) bool { return bytes.Contains(text, n) })
}

func containsAll(text []byte, needles [][]byte) bool {
	for _, n := range needles {
		if !bytes.Contains(text, n) {
			return false
		}
	}
	return true
}

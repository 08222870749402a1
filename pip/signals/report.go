package signals

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// By is how an event of another system names a person or address.
type By string

// The ways to name a person or address. A person is named by the id of the
// account, by the username or by the e-mail address.
const (
	ByAccount  By = "account"
	ByUsername By = "username"
	ByEmail    By = "email"
	ByAddress  By = "address" // of the network
)

// Persons are the ways to name a person, in the order in which they count: the
// first whose field an event has names its person.
func Persons() []By { return []By{ByAccount, ByUsername, ByEmail} }

const (
	maxUsername = 64
	maxEmail    = 254
)

// Canonical is the one spelling of a value that can name an account or address,
// or "" for one that cannot.
func (b By) Canonical(value string) string {
	switch b {
	case ByAccount:
		if id, err := uuid.Parse(value); err == nil && id.String() == value {
			return value
		}
	case ByUsername:
		if len(value) <= maxUsername {
			return strings.ToLower(value)
		}
	case ByEmail:
		if len(value) <= maxEmail && strings.Contains(value, "@") {
			return strings.ToLower(value)
		}
	case ByAddress:
		if address, err := netip.ParseAddr(value); err == nil {
			return address.Unmap().WithZone("").String()
		}
	}
	return ""
}

// A Report says which events of another system count as which kind of signal,
// and which fields name the person or address, wherever the events come from.
type Report struct {
	Name  string // for people
	Kind  string
	When  map[string]string // field -> its value; all of them
	About map[By]string     // field; at least one
}

// Fits reports whether the event has all values. A field with several values
// has each of them, as in Elasticsearch.
func (r *Report) Fits(event map[string]any) bool {
	for field, want := range r.When {
		if !slices.Contains(texts(event, field), want) {
			return false
		}
	}
	return true
}

// MaxNamed is how many names one field of an event may hold. An event is about
// one person: no system reports one with more, and each name would be a record
// of its own.
const MaxNamed = 16

// Named returns the names in the event: persons, all in one way, and addresses.
// Values are canonical; some may have no account. It is false for an event that
// names more than MaxNamed.
func (r *Report) Named(event map[string]any) (by By, persons, addresses []string, ok bool) {
	var names []string
	for _, by = range Persons() {
		if names = texts(event, r.About[by]); len(names) > 0 {
			break
		}
	}
	places := texts(event, r.About[ByAddress])
	if len(names) > MaxNamed || len(places) > MaxNamed {
		return by, nil, nil, false
	}
	return by, by.canonical(names), ByAddress.canonical(places), true
}

func (b By) canonical(values []string) []string {
	var all []string
	for _, v := range values {
		if c := b.Canonical(v); c != "" && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}

// texts are the values of a field, written with dots or as objects in objects
// (Elastic Common Schema).
func texts(event map[string]any, field string) []string {
	if field == "" {
		return nil
	}
	if values := text(event[field]); values != nil {
		return values
	}
	for i := range field {
		if field[i] != '.' {
			continue
		}
		if inner, ok := event[field[:i]].(map[string]any); ok {
			if values := texts(inner, field[i+1:]); values != nil {
				return values
			}
		}
	}
	return nil
}

func text(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case bool:
		return []string{strconv.FormatBool(v)}
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, text(one)...)
		}
		return all
	default:
		return nil
	}
}

var kind = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// IsKind reports whether s can be the kind of what other systems report.
func IsKind(s string) bool { return kind.MatchString(s) }

package elastic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

// A Report says which events of another system count as which kind, and whom
// they are about: at least one of Account, Username and Address names a field.
type Report struct {
	Kind     string
	Index    string            // name or pattern of its indices or data streams
	Account  string            // field with the id of an account of Wardgate
	Username string            // field with the username of an account of Wardgate
	Address  string            // field with an IP address
	Time     string            // field with when it happened; "" for @timestamp
	When     map[string]string // field -> its value; all of them
}

// A Register knows which accounts have the usernames, which are canonical: in
// lower case. A name that is nobody's is not in the answer.
type Register interface {
	Named(ctx context.Context, usernames []string) (map[string]string, error)
}

const (
	// maxWho bounds how many accounts and addresses one report is about.
	maxWho = 100_000
	// examined is how long the mapping of foreign indices is believed.
	examined = 5 * time.Minute
	// named is how long a username is believed to be somebody's, or nobody's.
	named = time.Minute
)

// Reported is a store whose counts include what other systems wrote into
// Elasticsearch. It asks for all of them with one request a refresh, and keeps
// nothing of them. When it cannot know, it has no answer at all: without the
// reports the counts would be too low.
//
// Counts is for one caller at a time, which a signals.Source is.
type Reported struct {
	signals.Store
	client   esapi.Transport
	register Register
	reports  []Report
	checked  time.Time // when the mapping was found to fit
	names    map[string]name
}

// A name is what the register said of a username.
type name struct {
	account string // "" for nobody's
	asked   time.Time
}

var _ signals.Store = (*Reported)(nil)

// NewReported adds reports to a store. The register may be nil when no report
// names a username.
func NewReported(store signals.Store, client esapi.Transport, register Register, reports []Report) *Reported {
	return &Reported{Store: store, client: client, register: register, reports: reports}
}

// Counts returns what the store counts, with what was reported in the window.
func (r *Reported) Counts(ctx context.Context, now time.Time) (map[signals.Who]pip.Signals, error) {
	if now.Sub(r.checked).Abs() >= examined {
		if err := r.examine(ctx); err != nil {
			return nil, fmt.Errorf("count what other systems reported: %w", err)
		}
		r.checked = now
	}
	found, err := r.find(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("count what other systems reported: %w", err)
	}
	accounts, err := r.accounts(ctx, found, now)
	if err != nil {
		return nil, fmt.Errorf("count what other systems reported: %w", err)
	}
	table, err := r.Store.Counts(ctx, now)
	if err != nil {
		return nil, err
	}
	own := map[signals.Who]bool{} // whose External was made here
	for _, q := range found {
		for value, n := range q.counts {
			if who := q.who(value, accounts); who != (signals.Who{}) {
				table[who] = plus(table[who], q.report.Kind, n, own[who])
				own[who] = true
			}
		}
	}
	return table, nil
}

// plus adds events of a kind. The map of the store is left as it is.
func plus(s pip.Signals, kind string, n int, own bool) pip.Signals {
	if !own {
		s.External = maps.Clone(s.External)
	}
	if s.External == nil {
		s.External = map[string]int{}
	}
	s.External[kind] += n
	return s
}

// who is whom a field's value names; nobody when it names nobody of ours.
func (q *question) who(value string, accounts map[string]name) signals.Who {
	switch q.by {
	case byUsername:
		return signals.Who{Subject: accounts[canonical(value)].account}
	case byAddress:
		address, err := netip.ParseAddr(value)
		if err != nil {
			return signals.Who{}
		}
		return signals.Who{Address: address.Unmap().WithZone("").String()}
	default:
		if !isID(value) {
			return signals.Who{}
		}
		return signals.Who{Subject: value}
	}
}

// errNoRegister says that there is nobody to ask for usernames yet.
var errNoRegister = errors.New("no register of usernames is there")

// accounts finds out whose the usernames are. Only those that are still
// reported are remembered.
func (r *Reported) accounts(ctx context.Context, found []*question, now time.Time) (map[string]name, error) {
	known := map[string]name{}
	var unknown []string
	for _, q := range found {
		if q.by != byUsername {
			continue
		}
		for value := range q.counts {
			username := canonical(value)
			if _, seen := known[username]; seen || username == "" {
				continue
			}
			known[username] = r.names[username]
			if now.Sub(known[username].asked).Abs() >= named {
				unknown = append(unknown, username)
			}
		}
	}
	if len(unknown) > 0 {
		if r.register == nil {
			return nil, errNoRegister
		}
		ids, err := r.register.Named(ctx, unknown)
		if err != nil {
			return nil, err
		}
		for _, username := range unknown {
			known[username] = name{account: ids[username], asked: now}
		}
	}
	r.names = known
	return known, nil
}

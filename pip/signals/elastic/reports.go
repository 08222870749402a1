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

// A Report is one whose events lie in Elasticsearch.
type Report struct {
	signals.Report
	Index string // name or pattern of its indices or data streams
	Time  string // field with when it happened; "" for @timestamp
}

// A Register knows whose the values are, usernames or e-mail addresses, which
// are canonical. One without an account is not in the answer.
type Register interface {
	Named(ctx context.Context, by signals.By, values []string) (map[string]string, error)
}

const (
	// maxWho bounds how many accounts and addresses one report is about.
	maxWho = 100_000
	// examined is how long the mapping of foreign indices is believed.
	examined = 5 * time.Minute
	// named is how long a name is believed to have an account, or none.
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
	names    map[naming]name
}

// A naming is a value that names a person.
type naming struct {
	by    signals.By
	value string // canonical
}

// A name is what the register said of a naming.
type name struct {
	account string // "" for none
	asked   time.Time
}

var _ signals.Store = (*Reported)(nil)

// NewReported adds reports to a store. The register may be nil when no report
// names persons by anything but the id of an account.
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

// who is the subject or address that a value names; zero when it names none.
func (q *question) who(value string, names map[naming]name) signals.Who {
	value = q.by.Canonical(value)
	switch q.by {
	case signals.ByAddress:
		if address, err := netip.ParseAddr(value); err == nil {
			return signals.From(address)
		}
		return signals.Who{}
	case signals.ByAccount:
		return signals.Who{Subject: value}
	default:
		return signals.Who{Subject: names[naming{q.by, value}].account}
	}
}

// errNoRegister says that there is no register to ask for names yet.
var errNoRegister = errors.New("no register of accounts is there")

// accounts finds out whose the names are. Only those that are still reported
// are remembered.
func (r *Reported) accounts(ctx context.Context, found []*question, now time.Time) (map[naming]name, error) {
	known := map[naming]name{}
	unknown := map[signals.By][]string{}
	for _, q := range found {
		if q.by == signals.ByAddress || q.by == signals.ByAccount {
			continue
		}
		for value := range q.counts {
			one := naming{q.by, q.by.Canonical(value)}
			if _, seen := known[one]; seen || one.value == "" {
				continue
			}
			known[one] = r.names[one]
			if now.Sub(known[one].asked).Abs() >= named {
				unknown[q.by] = append(unknown[q.by], one.value)
			}
		}
	}
	for by, values := range unknown {
		if r.register == nil {
			return nil, errNoRegister
		}
		ids, err := r.register.Named(ctx, by, values)
		if err != nil {
			return nil, err
		}
		for _, value := range values {
			known[naming{by, value}] = name{account: ids[value], asked: now}
		}
	}
	r.names = known
	return known, nil
}

package process

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/api"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/identity"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/signals"
	signalindex "github.com/wardgate/wardgate/pip/signals/elastic"
	"github.com/wardgate/wardgate/pip/signals/rebuild"
	"github.com/wardgate/wardgate/pip/signals/remote"
	signalstore "github.com/wardgate/wardgate/pip/signals/sqlstore"
)

// A behaviour is what people and addresses have lately done, and the store that
// it is counted in. Counts are derived: what a file held that was lost is counted
// again from the journal. An Elasticsearch that does not answer leaves them
// unknown until it does; the process starts all the same.
type behaviour struct {
	*signals.Source
	store sweptSignals
	lost  *rebuild.Lost // nil unless counts are to be made again
}

// sweptSignals is a store that is told to forget.
type sweptSignals interface {
	signals.Store
	Sweep(ctx context.Context, now time.Time) error
}

// openBehaviour opens the counts. names finds the accounts that other systems report.
func openBehaviour(ctx context.Context, g ground, l *life, rules *book, names register) (*behaviour, error) {
	b, c := &behaviour{}, g.config
	var err error
	if c.Stores.Signals == config.SignalsInElasticsearch {
		client, err := connectElastic(&c.Stores.Events)
		if err != nil {
			return nil, err
		}
		b.store = signalindex.New(client, signalindex.DefaultPrefix)
	} else if err = b.openFile(ctx, g, l, rules); err != nil {
		return nil, err
	}
	pulled := c.PulledReports()
	if len(pulled) > 0 {
		client, err := connectElastic(&c.Stores.Events)
		if err != nil {
			return nil, err
		}
		b.store = reportedStore{b.store, signalindex.NewReported(b.store, client, names, pulled)}
	}
	b.Source = signals.New(b.store, g.log.With("part", "signals"))
	l.onSweep("signals", func(ctx context.Context) error { return b.store.Sweep(ctx, time.Now()) })
	if c.Stores.Signals == config.SignalsInElasticsearch || len(pulled) > 0 || b.lost != nil {
		return b, nil
	}
	return b, b.Refresh(ctx, time.Now())
}

// countsFile is where counts are kept that are in no Elasticsearch.
const countsFile = "signals.db"

func (b *behaviour) openFile(ctx context.Context, g ground, l *life, rules *book) (err error) {
	file := g.data.Path(countsFile)
	if b.lost, err = rebuild.Find(file, newPast(g.config.AuditConfig().Dir, rules)); err != nil {
		return err
	}
	db, err := signalstore.Open(ctx, file)
	if err != nil {
		return err
	}
	l.onClose(db.Close)
	b.store = db
	return nil
}

// watch refreshes the counts until the context ends. Lost ones are made again
// first.
func (b *behaviour) watch(ctx context.Context, g ground, j pip.Journal, ticked func(context.Context)) {
	if b.lost != nil {
		builder := &rebuild.Builder{Lost: b.lost, Store: b.store, Journal: j, Log: g.log}
		defer builder.Windows(ctx)()
	}
	b.Run(ctx, time.Now, ticked)
}

// A past is the journal in a folder, as it stands now.
type past struct {
	folder string
	upTo   uint64
	book   *book // whose reasons say what a denial was of
}

// newPast reads how far the journal goes. Whether one that does not open may be
// missing is said where it is opened.
func newPast(folder string, b *book) past {
	head, err := reader.HeadOf(folder)
	if err != nil {
		return past{folder: folder, book: b}
	}
	return past{folder, head.Seq, b}
}

// Recorded reports whether the journal has a record.
func (p past) Recorded() bool { return p.upTo > 0 }

// Events reads those of a kind.
func (p past) Events(ctx context.Context, kind pip.Kind, since, until time.Time) iter.Seq2[*pip.Event, error] {
	return func(yield func(*pip.Event, error) bool) {
		from, err := reader.Around(p.folder, since)
		if err != nil {
			yield(nil, err)
			return
		}
		for r, err := range reader.Query(ctx, p.folder, reader.Filter{From: from, Kind: kind, Since: since, Until: until}) {
			if err == nil && r.Seq > p.upTo {
				return
			}
			if err == nil {
				err = r.Event.Recall(p.book.Tables().Reasons.Denial)
			}
			if !yield(&r.Event, err) {
				return
			}
		}
	}
}

// A reportedStore also counts what other systems report.
type reportedStore struct {
	sweptSignals
	reported *signalindex.Reported
}

func (r reportedStore) Counts(ctx context.Context, now time.Time) (map[signals.Who]pip.Signals, error) {
	return r.reported.Counts(ctx, now)
}

// A register knows whose names are whose: usernames wherever the engine runs,
// e-mail addresses where ID management does.
type register struct {
	usernames *identitystore.Store
	emails    *identity.Accounts // nil where ID management is in another process
}

// Named returns ids by the names that are an account's.
func (r register) Named(ctx context.Context, by signals.By, values []string) (map[string]string, error) {
	switch {
	case by == signals.ByUsername:
		return r.usernames.Named(ctx, values)
	case by == signals.ByEmail && r.emails != nil:
		return r.emails.Addressed(ctx, values)
	default:
		return nil, fmt.Errorf("no register of accounts by %s is open", by)
	}
}

// countRemote keeps what enforcement points in other processes have counted.
type countRemote struct{ store signals.Store }

// Count adds a batch to the store.
func (c countRemote) Count(ctx context.Context, seen pdp.Counted) error {
	b, err := remote.Read(seen.Origin, seen.Number, seen.Tallies, time.Now())
	if errors.Is(err, remote.ErrUncountable) {
		return fmt.Errorf("%w: %w", api.ErrUncountable, err)
	}
	if err != nil {
		return err
	}
	return c.store.Add(ctx, b)
}

// countDecisions has behaviour counted of what enforcement points in other
// processes were told: their journals are not here.
type countDecisions struct {
	next    pdp.Decider
	signals *signals.Source
	reasons func() pdp.Reasons // of the rule book in force
}

// Decide counts a decision once it was made.
func (c countDecisions) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	d, err := c.next.Decide(ctx, r)
	if err != nil {
		return d, err
	}
	t := pdp.Trace{Action: r.Action.Name, Subject: r.Subject.ID, Session: r.Context.Credential.Session, Address: r.Context.Address}
	e := t.Decided(&d, c.reasons(), time.Now())
	seen := e.Observation()
	c.signals.Observe(&seen)
	return d, nil
}

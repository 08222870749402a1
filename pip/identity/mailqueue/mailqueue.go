// Package mailqueue keeps mail until it has been delivered. A message is stored,
// sealed, before Send returns, so that neither a mail server that is down nor a
// restart loses it. It is delivered at least once: a machine that stops between
// delivering and noting it delivers again. What has outlived its worth is
// dropped. Addresses, codes and texts never reach a log.
package mailqueue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

const (
	defaultLife = 5 * time.Minute
	batch       = 8                // delivered at once
	within      = 20 * time.Second // for one delivery
	lease       = within + 10*time.Second
	maxRetry    = time.Minute
)

// A Store keeps parcels. LeaseMail is one atomic statement.
type Store interface {
	AddMail(ctx context.Context, p identity.Parcel) error
	DueMails(ctx context.Context, now time.Time, limit int) ([]identity.Parcel, error)
	LeaseMail(ctx context.Context, p identity.Parcel, until time.Time) (bool, error)
	DelayMail(ctx context.Context, id string, next time.Time) error
	RemoveMail(ctx context.Context, id string) error
	SweepMails(ctx context.Context, now time.Time) (int64, error)
}

// Config is what is optional about a Queue.
type Config struct {
	FirstRetry time.Duration    // after the first failure, doubled after each further one up to a minute; 1 second
	Poll       time.Duration    // how often to look for mail of other processes; 1 second
	Now        func() time.Time // the wall clock when nil
}

// A Queue is a Mailer that hands on to another.
type Queue struct {
	store   Store
	vault   *vault.Vault
	carrier identity.Mailer
	log     *slog.Logger
	cfg     Config
	wake    chan struct{}
}

var _ identity.Mailer = (*Queue)(nil)

// New returns a queue in store, sealed with vault, in front of carrier. An error
// of carrier with a method Permanent() bool that reports true gives the message
// up. Nothing is delivered before Run.
func New(store Store, vault *vault.Vault, carrier identity.Mailer, log *slog.Logger, cfg Config) *Queue {
	cfg.FirstRetry = cmp.Or(cfg.FirstRetry, time.Second)
	cfg.Poll = cmp.Or(cfg.Poll, time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Queue{store: store, vault: vault, carrier: carrier, log: log, cfg: cfg, wake: make(chan struct{}, 1)}
}

// Send stores the message. A void one is stored too, and removed by Run.
func (q *Queue) Send(ctx context.Context, m identity.Message) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("queue mail: %w", err)
	}
	plain, err := json.Marshal(m)
	if err != nil {
		return errors.New("queue mail: not encoded")
	}
	sealed, err := q.vault.Seal(place(id.String()), plain)
	if err != nil {
		return fmt.Errorf("queue mail: %w", err)
	}
	now := q.cfg.Now()
	p := identity.Parcel{ID: id.String(), Sealed: sealed, Next: now, Expires: now.Add(cmp.Or(m.Life, defaultLife))}
	if err := q.store.AddMail(ctx, p); err != nil {
		return fmt.Errorf("queue mail: %w", err)
	}
	select {
	case q.wake <- struct{}{}:
	default: // it is awake
	}
	return nil
}

// place binds a sealed message to its row.
func place(id string) string { return "mails/sealed/" + id }

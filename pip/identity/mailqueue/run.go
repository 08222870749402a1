package mailqueue

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/wardgate/wardgate/pip/identity"
)

// Run delivers until the context ends, and then finishes what it has begun.
func (q *Queue) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-q.wake:
		}
		for ctx.Err() == nil && q.round(ctx) {
		}
		timer.Reset(q.cfg.Poll)
	}
}

// round delivers what is due, and reports whether there may be more.
func (q *Queue) round(ctx context.Context) bool {
	now := q.cfg.Now()
	dropped, err := q.store.SweepMails(ctx, now)
	if err != nil {
		q.fault(ctx, "mails not swept", err)
		return false
	}
	if dropped > 0 {
		q.log.Warn("mails were not delivered in time and are dropped", "mails", dropped)
	}
	due, err := q.store.DueMails(ctx, now, batch)
	if err != nil {
		q.fault(ctx, "mail queue not readable", err)
		return false
	}
	var wg sync.WaitGroup
	for _, p := range due {
		if ctx.Err() != nil {
			break
		}
		leased, err := q.lease(ctx, p, now)
		if err != nil {
			q.fault(ctx, "mail not leased", err)
			break
		}
		if leased {
			wg.Go(func() { q.carry(context.WithoutCancel(ctx), p) })
		}
	}
	wg.Wait()
	return len(due) == batch
}

// lease reports whether a mail is this process's to carry. It is not given up in
// the middle: a database may have carried out what was no longer waited for, and the
// mail would lie until the lease ends.
func (q *Queue) lease(ctx context.Context, p identity.Parcel, now time.Time) (bool, error) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	return q.store.LeaseMail(bounded, p, now.Add(lease))
}

// fault is silent once the queue is told to stop.
func (q *Queue) fault(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		q.log.Error(what, "error", err)
	}
}

// carry delivers one mail that is leased, and settles what becomes of it.
func (q *Queue) carry(ctx context.Context, p identity.Parcel) {
	err := q.deliver(ctx, p)
	var final interface{ Permanent() bool }
	switch {
	case err == nil:
		err = q.store.RemoveMail(ctx, p.ID)
	case errors.As(err, &final) && final.Permanent():
		q.log.Warn("mail given up", "mail", p.ID, "attempt", p.Attempts+1, "error", err)
		err = q.store.RemoveMail(ctx, p.ID)
	default:
		retry := q.retry(p.Attempts)
		q.log.Warn("mail not delivered", "mail", p.ID, "attempt", p.Attempts+1, "retry_in", retry, "error", err)
		err = q.store.DelayMail(ctx, p.ID, q.cfg.Now().Add(retry))
	}
	if err != nil {
		q.log.Error("mail queue not written", "mail", p.ID, "error", err)
	}
}

func (q *Queue) deliver(ctx context.Context, p identity.Parcel) error {
	plain, err := q.vault.Open(place(p.ID), p.Sealed)
	if err != nil {
		return lost{}
	}
	var m identity.Message
	if err := json.Unmarshal(plain, &m); err != nil {
		return lost{}
	}
	if m.Void {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return q.carrier.Send(ctx, m)
}

func (q *Queue) retry(attempts int) time.Duration {
	return min(q.cfg.FirstRetry<<min(attempts, 10), maxRetry)
}

// lost is a message that no key opens: trying again would not help.
type lost struct{}

func (lost) Error() string   { return "the stored mail is not readable" }
func (lost) Permanent() bool { return true }

package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/workqueue"
)

// UnknownSubjects begins the names under which addresses without an account are
// counted. A keyed hash follows. They are counted like accounts, in every way.
const UnknownSubjects = "unknown/"

// The kinds of origins, as they begin their names.
const (
	deviceKind     = "device/"     // that the account has signed in from
	onSiteKind     = "on_site/"    // an address of the hospital's own networks
	networkKind    = "network/"    // that the account has signed in from
	sessionKind    = "session/"    // a live session of the account
	unfamiliarKind = "unfamiliar/" // a network of which the account knows nothing
)

// A caller is somebody who acts for a subject from some origin. Everything that
// is counted is counted for one caller apart from all others: what a caller from
// an unfamiliar network does is of no consequence anywhere else.
type caller struct {
	subject string // an account's id, or the name of an address without an account
	origin  string // its kind, and which one
}

// caller says who acts for the account, or for the e-mail behind index that has
// none. Both are found out in the same way.
func (a *Authenticator) caller(ctx context.Context, account, index string, from pip.Origin) (caller, error) {
	c := caller{subject: account, origin: unfamiliarKind + from.Network}
	if account == "" {
		c.subject = UnknownSubjects + index
	}
	if from.Familiar == nil {
		return c, nil
	}
	familiar, err := from.Familiar(ctx, c.subject)
	if err != nil {
		return caller{}, fmt.Errorf("familiar origin: %w", err)
	}
	if familiar != "" {
		c.origin = familiar
	}
	return c, nil
}

// limiter names what counts the caller's wrong passwords.
func (c caller) limiter() string { return c.subject + "/" + c.origin }

func (c caller) unfamiliar() bool { return strings.HasPrefix(c.origin, unfamiliarKind) }

// line is where the caller stands when cores are scarce.
func (c caller) line() workqueue.Caller {
	switch {
	case c.unfamiliar():
		return workqueue.Caller{Name: c.origin}
	case strings.HasPrefix(c.origin, onSiteKind), strings.HasPrefix(c.origin, networkKind):
		return workqueue.Caller{Class: workqueue.Familiar, Name: c.origin}
	default:
		return workqueue.Caller{Class: workqueue.Known, Name: c.limiter()}
	}
}

// proven is the line of those who have proven a code: they wait for no others.
func (c caller) proven() workqueue.Caller {
	return workqueue.Caller{Class: workqueue.Known, Name: c.limiter()}
}

// failures is the count of wrong answers to one authenticator. All unfamiliar
// origins have one count, which ends when the owner has proven somebody, or an
// officer lifts it: guessing gains nothing by moving on. Each familiar origin
// has its own: guessing elsewhere never bars callers there.
func (c caller) failures(authenticator string, l Limits) FailureCount {
	f := FailureCount{Subject: c.subject, Authenticator: authenticator, Most: l.UnfamiliarFailures}
	switch {
	case c.unfamiliar() && authenticator == passwordAuthenticator:
		f.Most = l.UnfamiliarPasswords
	case c.unfamiliar():
	case strings.HasPrefix(c.origin, sessionKind):
		f.Authenticator += "/" + c.origin
	default:
		f.Authenticator += "/" + c.origin
		f.Most, f.Within = l.FamiliarFailures, day
	}
	return f
}

// passwordAuthenticator is the name under which wrong passwords are counted.
const passwordAuthenticator = "password"

const day = 24 * time.Hour

// answering says who answers the challenge of a log-in, and which that is, or returns ErrThrottled
// while the limiter of that caller is barred.
func (a *Authenticator) answering(ctx context.Context, challenge string, from pip.Origin) (Opened, caller, error) {
	seen, err := a.store.Opened(ctx, challenge)
	if errors.Is(err, ErrNotFound) || err == nil && seen.Purpose != PurposeLogIn {
		return Opened{}, caller{}, ErrCode
	}
	if err != nil {
		return Opened{}, caller{}, fmt.Errorf("verify code: %w", err)
	}
	c, err := a.caller(ctx, seen.Account, "", from)
	if err != nil {
		return Opened{}, caller{}, fmt.Errorf("verify code: %w", err)
	}
	barred := seen.BarredUntil
	if c.origin != seen.Origin { // begun elsewhere, or what is familiar has changed since
		if err := a.store.UpdateLimiter(ctx, c.limiter(), func(g *Limiter) { barred = g.BarredUntil }); err != nil {
			return Opened{}, caller{}, fmt.Errorf("verify code: %w", err)
		}
	}
	if wait := barred.Sub(a.now()); wait > 0 {
		return Opened{}, caller{}, &pip.Refusal{Reason: "throttled", Account: seen.Account, Wait: wait}
	}
	return seen, c, nil
}

// Bar closes a limiter that a Refusal named until then.
func (a *Authenticator) Bar(ctx context.Context, limiter string, until time.Time) error {
	if limiter == "" {
		return errors.New("bar log-ins: no limiter")
	}
	if err := a.store.UpdateLimiter(ctx, limiter, func(g *Limiter) { g.Bar(until) }); err != nil {
		return fmt.Errorf("bar log-ins: %w", err)
	}
	return nil
}

// Unbar lifts what wrong passwords and codes have closed for an account, from
// wherever they came.
func (a *Authenticator) Unbar(ctx context.Context, account string) error {
	if account == "" {
		return errors.New("lift bars: no account")
	}
	if err := errors.Join(a.store.ForgetLimiters(ctx, account), a.store.ForgetFailures(ctx, account)); err != nil {
		return fmt.Errorf("lift bars: %w", err)
	}
	return nil
}

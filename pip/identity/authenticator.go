package identity

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/password"
	"github.com/wardgate/wardgate/pip/identity/workqueue"
)

// challengeSpan is the span in which the challenges of an account are counted.
const challengeSpan = time.Hour

// An Authenticator proves who a user is: a password, then a second factor.
// Whatever it cannot decide is an error that is no Refusal, and proves nothing.
type Authenticator struct {
	accounts *Accounts
	store    Store
	factor   Factor   // whose questions are sent, when asked for
	carried  []Factor // the preferred first
	passkeys Passkeys // one of carried; nil for none
	passes   Passes
	hasher   password.Hasher
	live     func() Limits
	now      func() time.Time
	work     *workqueue.Queue
}

// Config is what is optional about an Authenticator.
type Config struct {
	Limits func() Limits // asked each time, so that a changed number is in force at once; the defaults when nil
	// Carried are factors that a person may have about them, the preferred
	// first. With one of them ready a mailed code proves nothing, and none is
	// sent: the mailbox is not the account.
	Carried []Factor
	// Passkeys are preferred to all of Carried, and log in without a password too;
	// nil takes none.
	Passkeys Passkeys
	Passes   Passes           // nil takes none
	Hasher   password.Hasher  // Bcrypt when nil
	Now      func() time.Time // the wall clock when nil
}

// Passes stand in for the second factor at a log-in.
type Passes interface {
	// Fits reports whether an answer looks like the code of a pass.
	Fits(answer string) bool
	// Check uses up the pass of the account whose code this is.
	Check(ctx context.Context, account, answer string) (bool, error)
	// Used says when the pass ends that was used last, and who gave the word for it.
	Used(ctx context.Context, account string) (until time.Time, by []pip.Sponsor, err error)
}

// NewAuthenticator returns an authenticator over the accounts and store, with
// the factor that is asked for after the password.
func NewAuthenticator(accounts *Accounts, store Store, factor Factor, cfg Config) *Authenticator {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Limits == nil {
		cfg.Limits = func() Limits { return Limits{} }
	}
	if cfg.Hasher == nil {
		cfg.Hasher = password.Bcrypt{}
	}
	if cfg.Passkeys != nil {
		cfg.Carried = append([]Factor{cfg.Passkeys}, cfg.Carried...)
	}
	return &Authenticator{
		accounts: accounts, store: store, factor: factor, carried: cfg.Carried, passkeys: cfg.Passkeys,
		passes: cfg.Passes, hasher: cfg.Hasher,
		live: cfg.Limits, now: cfg.Now,
		work: workqueue.New(runtime.GOMAXPROCS(0)),
	}
}

func (a *Authenticator) limits() Limits { return a.live().withDefaults() }

// Account returns what is known of an account, or ErrNotFound.
func (a *Authenticator) Account(ctx context.Context, id string) (pip.Profile, error) {
	return a.accounts.Account(ctx, id)
}

// Password begins a log-in: it checks the password and sends a code. It
// returns ErrEmail, ErrCredentials or ErrThrottled. Nothing that a stranger
// can see, time included, tells an unknown e-mail from a wrong password.
func (a *Authenticator) Password(ctx context.Context, email, password string, from pip.Origin) (pip.Challenge, error) {
	address, err := ParseEmail(email)
	if err != nil {
		return pip.Challenge{}, err
	}
	index, err := a.accounts.vault.Index(address)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("check password: %w", err)
	}
	r, err := a.store.AccountByEmail(ctx, index)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return pip.Challenge{}, fmt.Errorf("check password: %w", err)
	}
	if r.Standing != pip.AccountActive && r.Standing != pip.AccountPending {
		r = Record{}
	}
	c, err := a.caller(ctx, r.ID, index, from)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("check password: %w", err)
	}
	if err := a.checkLimited(ctx, c, r, password); err != nil {
		return pip.Challenge{}, err
	}
	p, err := a.accounts.profile(r)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("check password: %w", err)
	}
	return a.ask(ctx, p, PurposeLogIn, "", c)
}

// checkLimited checks one password under the caller's limiter. Once the work is
// done the result is counted, even if the caller has gone away meanwhile.
func (a *Authenticator) checkLimited(ctx context.Context, c caller, r Record, given string) error {
	limiter := c.limiter()
	limits := a.limits().under(limiter)
	var wait time.Duration
	var reserved Limiter
	err := a.store.UpdateLimiter(ctx, limiter, func(g *Limiter) {
		wait = g.Reserve(a.now(), limits)
		reserved = *g
	})
	if err != nil {
		return fmt.Errorf("check password: %w", err)
	}
	if wait > 0 {
		return &pip.Refusal{Reason: "throttled", Account: r.ID, Wait: wait}
	}
	settle := context.WithoutCancel(ctx)
	same, err := a.compare(ctx, c, r.PasswordHash, given)
	if err != nil {
		return errors.Join(err, a.store.UpdateLimiter(settle, limiter, func(g *Limiter) { g.Release() }))
	}
	failures := 0
	var group errgroup.Group
	group.Go(func() error {
		return a.store.UpdateLimiterAfter(settle, limiter, reserved, func(g *Limiter) {
			if same {
				g.Succeed()
				return
			}
			failures = g.Fail(a.now(), limits)
		})
	})
	if same {
		group.Go(func() error {
			return a.store.ForgetFailures(settle, c.subject, c.failures(passwordAuthenticator, limits).Authenticator)
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("check password: %w", err)
	}
	if !same {
		return &pip.Refusal{Reason: "credentials_invalid", Account: r.ID, Limiter: limiter, Failures: failures}
	}
	return nil
}

// compare does the work of comparing a password in any case. After too many
// wrong ones in a row the right one counts as wrong too: the answer tells
// nothing, and there is nothing more to guess.
func (a *Authenticator) compare(ctx context.Context, c caller, hash, given string) (same bool, err error) {
	count := c.failures(passwordAuthenticator, a.limits())
	failed := a.compute(ctx, c.line(), func() {
		var counted bool
		if counted, err = a.store.CountFailure(ctx, count, a.now()); err == nil {
			same = password.Same(a.hasher, hash, given) && counted
		}
	})
	if err = errors.Join(failed, err); err != nil {
		return false, err
	}
	return same, nil
}

// StepUp asks the owner of a live session for a fresh factor.
func (a *Authenticator) StepUp(ctx context.Context, account, session string) (pip.Challenge, error) {
	if account == "" || session == "" {
		return pip.Challenge{}, errors.New("step up: no account or no session")
	}
	p, err := a.accounts.Account(ctx, account)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("step up: %w", err)
	}
	return a.ask(ctx, p, PurposeStepUp, session, inSession(account, session))
}

// inSession is the caller from a live session.
func inSession(account, session string) caller {
	return caller{subject: account, origin: sessionKind + session}
}

// ask stores a challenge for the caller, then sends its code.
func (a *Authenticator) ask(ctx context.Context, p pip.Profile, purpose Purpose, session string, from caller) (pip.Challenge, error) {
	now := a.now()
	usable, err := a.asked(ctx, p.ID, from, now)
	if err != nil {
		return pip.Challenge{}, err
	}
	q, err := usable[0].Prepare(ctx, p)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("challenge: %w", err)
	}
	if q.Deliver != nil {
		if err := a.mayMail(ctx, purpose, from, now); err != nil {
			return pip.Challenge{}, err
		}
	}
	c := Pending{
		ID: rand.Text(), Account: p.ID, Session: session, Purpose: purpose,
		Method: usable[0].Method(), Kept: q.Kept, Origin: from.origin,
		Created: now, Expires: now.Add(a.limits().CodeLife),
	}
	if q.Deliver != nil {
		c.Sent = now
	}
	if err := a.store.AddChallenge(ctx, c); err != nil {
		return pip.Challenge{}, fmt.Errorf("challenge: %w", err)
	}
	if q.Deliver != nil {
		if err := q.Deliver(ctx); err != nil {
			return pip.Challenge{}, fmt.Errorf("challenge: %w", err)
		}
	}
	challenge := pip.Challenge{ID: c.ID, Expires: c.Expires}
	if q.Shown != nil {
		challenge.Shown = map[string]json.RawMessage{c.Method: q.Shown}
	}
	for _, f := range usable {
		challenge.Methods = append(challenge.Methods, f.Method())
	}
	return challenge, nil
}

// asked returns the factors of an account that a caller may be asked for, or refuses
// one who has begun too much.
func (a *Authenticator) asked(ctx context.Context, account string, from caller, now time.Time) (usable []Factor, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.mayAsk(ctx, from, now) })
	group.Go(func() (err error) {
		if usable, err = a.usable(ctx, account); err != nil {
			err = fmt.Errorf("challenge: %w", err)
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return usable, nil
}

// usable returns the factors that an account can answer with, the one that is
// asked for first: those that the person carries, or else the one that has to
// be sent. It is asked again for each answer, so that a code that was mailed
// before an app was added proves nothing afterwards.
func (a *Authenticator) usable(ctx context.Context, account string) ([]Factor, error) {
	var usable []Factor
	for _, f := range a.carried {
		ready, err := f.Ready(ctx, account)
		if err != nil {
			return nil, err
		}
		if ready {
			usable = append(usable, f)
		}
	}
	if len(usable) == 0 {
		usable = append(usable, a.factor)
	}
	return usable, nil
}

// mayMail refuses to mail one code more than the caller's budget holds.
func (a *Authenticator) mayMail(ctx context.Context, purpose Purpose, c caller, now time.Time) error {
	if purpose != PurposeLogIn {
		return nil // a step-up has a session, and a pace of its own
	}
	counted, err := a.countMail(ctx, purpose, c, now)
	if err != nil {
		return fmt.Errorf("challenge: %w", err)
	}
	if !counted {
		return &pip.Refusal{Reason: "throttled", Account: c.subject, Wait: challengeSpan}
	}
	return nil
}

// compute hashes when it is the caller's turn at a core. A caller who finds too
// many waiting is refused at once.
func (a *Authenticator) compute(ctx context.Context, c workqueue.Caller, do func()) error {
	err := a.work.Do(ctx, c, do)
	if errors.Is(err, workqueue.ErrBusy) {
		return &pip.Refusal{Reason: "throttled", Wait: busyWait}
	}
	return err
}

// Sweep forgets what can no longer matter. Call it now and then.
func (a *Authenticator) Sweep(ctx context.Context) error {
	age := max(2*challengeSpan, a.limits().WrongWithin)
	return a.store.Sweep(ctx, a.now().Add(-age))
}

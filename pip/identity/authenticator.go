package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/password"
)

// challengeSpan is the span in which the challenges of an account are counted.
const challengeSpan = time.Hour

// An Authenticator proves who somebody is: a password, then a second factor.
// Whatever it cannot decide is an error that is no Refusal, and proves nothing.
type Authenticator struct {
	accounts *Accounts
	store    Store
	factor   Factor   // whose questions are sent, to whom wants them
	carried  []Factor // which ask nothing, the preferred first
	hasher   password.Hasher
	live     func() Limits
	now      func() time.Time
	work     chan struct{} // one token for each core that may hash
}

// Config is what is optional about an Authenticator.
type Config struct {
	Limits func() Limits // asked each time, so that a changed number is in force at once; the defaults when nil
	// Carried are factors that a person may have about them, the preferred
	// first. Whoever has one is not sent a code unless they ask for it, so that
	// a mail server that is down keeps nobody with such a factor out.
	Carried []Factor
	Hasher  password.Hasher  // Bcrypt when nil
	Now     func() time.Time // the wall clock when nil
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
	return &Authenticator{
		accounts: accounts, store: store, factor: factor, carried: cfg.Carried, hasher: cfg.Hasher,
		live: cfg.Limits, now: cfg.Now,
		work: make(chan struct{}, max(1, runtime.GOMAXPROCS(0))),
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
	limiter, err := a.limiterOf(ctx, r.ID, index, from)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("check password: %w", err)
	}
	if err := a.checkLimited(ctx, limiter, r, password); err != nil {
		return pip.Challenge{}, err
	}
	p, err := a.accounts.profile(r)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("check password: %w", err)
	}
	return a.ask(ctx, p, PurposeLogIn, "")
}

// checkLimited checks one password under a limiter. Once the work is done the
// result is counted, even if the caller has gone away meanwhile.
func (a *Authenticator) checkLimited(ctx context.Context, limiter string, r Record, given string) error {
	limits := a.limits().under(limiter)
	var wait time.Duration
	err := a.store.UpdateLimiter(ctx, limiter, func(g *Limiter) { wait = g.Reserve(a.now(), limits) })
	if err != nil {
		return fmt.Errorf("check password: %w", err)
	}
	if wait > 0 {
		return &pip.Refusal{Reason: "throttled", Account: r.ID, Wait: wait}
	}
	settle := context.WithoutCancel(ctx)
	var same bool
	if err := a.compute(ctx, func() { same = password.Same(a.hasher, r.PasswordHash, given) }); err != nil {
		return errors.Join(err, a.store.UpdateLimiter(settle, limiter, func(g *Limiter) { g.Release() }))
	}
	failures := 0
	err = a.store.UpdateLimiter(settle, limiter, func(g *Limiter) {
		if same {
			g.Succeed()
			return
		}
		failures = g.Fail(a.now(), limits)
	})
	if err != nil {
		return fmt.Errorf("check password: %w", err)
	}
	if !same {
		return &pip.Refusal{Reason: "credentials_invalid", Account: r.ID, Limiter: limiter, Failures: failures}
	}
	return nil
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
	return a.ask(ctx, p, PurposeStepUp, session)
}

// ask stores a challenge, then sends its code.
func (a *Authenticator) ask(ctx context.Context, p pip.Profile, purpose Purpose, session string) (pip.Challenge, error) {
	now := a.now()
	open, err := a.store.CountOpen(ctx, p.ID, a.limits().CodeAttempts, now.Add(-challengeSpan), now)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("challenge: %w", err)
	}
	if open >= a.limits().OpenChallenges {
		return pip.Challenge{}, &pip.Refusal{Reason: "throttled", Account: p.ID, Wait: a.limits().CodeLife}
	}
	usable, err := a.usable(ctx, p.ID)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("challenge: %w", err)
	}
	q, err := a.prepare(ctx, usable[0], p)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("challenge: %w", err)
	}
	c := Pending{
		ID: rand.Text(), Account: p.ID, Session: session, Purpose: purpose,
		Method: usable[0].Method(), Kept: q.Kept,
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
	for _, f := range usable {
		challenge.Methods = append(challenge.Methods, f.Method())
	}
	return challenge, nil
}

// usable returns the factors that an account can answer with, the one that is
// asked for first: what the person carries about, then what has to be sent.
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
	return append(usable, a.factor), nil
}

func (a *Authenticator) prepare(ctx context.Context, f Factor, p pip.Profile) (q Question, err error) {
	if failed := a.compute(ctx, func() { q, err = f.Prepare(ctx, p) }); failed != nil {
		return Question{}, failed
	}
	return q, err
}

// compute runs hashing work on no more cores than there are, so that a flood
// of log-ins waits for its turn instead of starving everything else.
func (a *Authenticator) compute(ctx context.Context, do func()) error {
	select {
	case a.work <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for a core: %w", ctx.Err())
	}
	defer func() { <-a.work }()
	do()
	return nil
}

// Sweep forgets what can no longer matter. Call it now and then.
func (a *Authenticator) Sweep(ctx context.Context) error {
	age := max(2*challengeSpan, a.limits().WrongWithin)
	return a.store.Sweep(ctx, a.now().Add(-age))
}

package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

const (
	actionCreate  = "session.create"
	actionElevate = "session.elevate"
	actionEnd     = "session.end"
)

// LogIn begins a log-in with the first factor.
func (a *Admin) LogIn(ctx context.Context, c Client, email, password string) (pip.Challenge, error) {
	var seen familiarity
	challenge, err := a.parts.Authenticator.Password(ctx, email, password, a.loggingIn(c, &seen))
	if err != nil {
		return pip.Challenge{}, a.failed(ctx, c, pdp.FactorPassword, seen, err)
	}
	return challenge, nil
}

// Resend sends a new code for the challenge of a log-in.
func (a *Admin) Resend(ctx context.Context, challenge string) error {
	err := a.parts.Authenticator.Resend(ctx, challenge)
	if r, _ := refused(err); r != nil {
		return r
	}
	return err
}

// Verify ends a log-in with the second factor, and begins a session if the
// policy wants one. The session is stored and journalled before its tokens are
// returned.
func (a *Admin) Verify(ctx context.Context, c Client, challenge, code string) (Tokens, error) {
	var seen familiarity
	proof, err := a.parts.Authenticator.Verify(ctx, challenge, code, a.loggingIn(c, &seen))
	if err != nil {
		return Tokens{}, a.failed(ctx, c, pdp.FactorCode, seen, err)
	}
	if err := a.stillSponsored(ctx, c, proof); err != nil {
		return Tokens{}, err
	}
	now := a.cfg.Now()
	here := a.observe(c)
	trip := a.since(seen.last, proof.Account.ID, here, now)
	decision, err := a.mayBeginAs(ctx, c, actionCreate, proof, pdp.LogIn{Familiar: seen.words}, trip, now)
	if err != nil {
		return Tokens{}, err
	}
	s, tokens, from, err := a.begin(ctx, c, proof, seen, here, now)
	if err != nil {
		return Tokens{}, fmt.Errorf("begin session: %w", err)
	}
	e := a.event(c, actionCreate, s.Account, s.ID, now)
	e.Role, e.Outcome, e.Allow, e.Detail = proof.Account.Role, "success", true, c.Host
	if slices.Contains(proof.AMR, amrRecovery) {
		e.Change = &pip.Change{What: pip.ChangeRecoveryUsed, Of: s.Account}
	}
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), a.withDecision(e, decision)); err != nil {
		_, undo := a.parts.Store.End(context.WithoutCancel(ctx), s.ID, s.Account, "not_journalled", now)
		return Tokens{}, errors.Join(fmt.Errorf("begin session: %w", err), undo)
	}
	if err := a.settle(ctx, c, proof, s, seen, from); err != nil {
		return Tokens{}, err
	}
	a.openBadge(ctx, c, s.Account)
	return tokens, nil
}

// settle remembers from where a stored session began, and meanwhile tells the
// owner and reads the account again. A session that is not remembered, or whose
// account is another now, is ended: its owner hears of it all the same.
func (a *Admin) settle(ctx context.Context, c Client, proof pip.Proof, s Session, seen familiarity, from Sighting) error {
	var group errgroup.Group
	group.Go(func() error {
		err := a.parts.Store.Sight(context.WithoutCancel(ctx), from)
		if err == nil {
			return nil
		}
		_, undo := a.parts.Store.End(context.WithoutCancel(ctx), s.ID, s.Account, "not_begun", a.cfg.Now())
		return errors.Join(fmt.Errorf("begin session: %w", err), undo)
	})
	group.Go(func() error { return a.stillTheSame(ctx, c, proof, s) })
	group.Go(func() error { return a.stillWanted(ctx, c, s, seen.endings) })
	group.Go(func() error {
		a.tellOfLogIn(ctx, c, proof, seen)
		return nil
	})
	return group.Wait()
}

// stillTheSame reads the account again behind a stored session. Who disables an
// account, or changes its role, does that first and then ends the sessions that
// there are: one of the two sees the other.
func (a *Admin) stillTheSame(ctx context.Context, c Client, proof pip.Proof, s Session) error {
	p, err := a.Account(ctx, s.Account)
	if err != nil {
		_, undo := a.parts.Store.End(context.WithoutCancel(ctx), s.ID, s.Account, "not_begun", a.cfg.Now())
		return errors.Join(fmt.Errorf("begin session: %w", err), undo)
	}
	if p.Standing == proof.Account.Standing && p.Role == proof.Account.Role {
		return nil
	}
	return a.endFor(ctx, c, s, reasonInactive)
}

// stillWanted looks behind a stored session for an order to end all of the account's
// that came since the log-in was looked at: a new password, a factor or an address that
// was taken away. Who orders counts the order first and then ends the sessions that
// there are: one of the two sees the other.
func (a *Admin) stillWanted(ctx context.Context, c Client, s Session, before int64) error {
	now, err := a.parts.Store.Endings(ctx, s.Account)
	if err != nil {
		_, undo := a.parts.Store.End(context.WithoutCancel(ctx), s.ID, s.Account, "not_begun", a.cfg.Now())
		return errors.Join(fmt.Errorf("begin session: %w", err), undo)
	}
	if now == before {
		return nil
	}
	return a.endFor(ctx, c, s, reasonOvertaken)
}

// begin stores a session with its first tokens, and says from where it began.
func (a *Admin) begin(ctx context.Context, c Client, proof pip.Proof, seen familiarity, here pip.Footprint, now time.Time) (Session, Tokens, Sighting, error) {
	s, err := a.newSession(proof, here, now)
	if err != nil {
		return Session{}, Tokens{}, Sighting{}, err
	}
	tokens, first, err := a.firstTokens(c, s, proof.Account.Role, now)
	if err != nil {
		return Session{}, Tokens{}, Sighting{}, err
	}
	from := Sighting{Account: s.Account, Device: seen.device, Network: networkOf(c.Address), At: now, Crowded: seen.crowded}
	tokens.Device = seen.key
	if from.Device == "" {
		from.New = true
		if tokens.Device, from.Device, err = a.newDeviceKey(s.Account); err != nil {
			return Session{}, Tokens{}, Sighting{}, err
		}
	}
	s.Device = from.Device
	if from.Client, err = a.sealClient(from.Device, here); err != nil {
		return Session{}, Tokens{}, Sighting{}, err
	}
	tokens.Devices = a.besides(s.Account, tokens.Device, c.Device)
	if from.Place, err = a.parts.Footprints.Seal(arrivalUse(s.Account), here); err != nil {
		return Session{}, Tokens{}, Sighting{}, err
	}
	return s, tokens, from, a.parts.Store.Begin(ctx, s, first)
}

// firstTokens are the tokens of a session that begins, and its first refresh token
// as it is stored. A browser's session has none of them: Extend signs its tokens.
func (a *Admin) firstTokens(c Client, s Session, role string, now time.Time) (Tokens, Refresh, error) {
	if c.Host != "" {
		return Tokens{Session: s.ID, Role: role, ACR: s.ACR}, Refresh{}, nil
	}
	tokens, err := a.sign(s, role, s.ACR, s.AuthTime, now, a.Limits().Access)
	if err != nil {
		return Tokens{}, Refresh{}, err
	}
	var hash string
	tokens.Refresh, hash = newRefresh()
	return tokens, Refresh{Hash: hash, Session: s.ID, Issued: now}, nil
}

func (a *Admin) newSession(proof pip.Proof, here pip.Footprint, now time.Time) (Session, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Session{}, err
	}
	limits := a.Limits()
	s := Session{
		ID:        id.String(),
		Account:   proof.Account.ID,
		Footprint: here,
		AMR:       proof.AMR,
		ACR:       ACRTwoFactor,
		AuthTime:  proof.AuthTime,
		Created:   now,
		LastUsed:  now,
		IdleUntil: now.Add(limits.Idle),
		Until:     now.Add(limits.Absolute),
	}
	if slices.Contains(proof.AMR, amrPasskey) {
		s.ACR = ACRPhishingResistant
	}
	if err := s.bound(proof); err != nil {
		return Session{}, err
	}
	s.Sealed, err = a.sealFootprint(s.ID, here)
	return s, err
}

// mayBeginAs asks the policy whether the proven subject gets a session. An
// obligation that cannot be met here denies.
func (a *Admin) mayBeginAs(ctx context.Context, c Client, action string, proof pip.Proof, seen pdp.LogIn, trip pip.Journey, now time.Time) (pdp.Decision, error) {
	d, err := a.parts.Decider.Decide(ctx, pdp.Request{
		Subject:  pdp.Subject{Type: a.subject(&proof.Account), ID: proof.Account.ID},
		Action:   pdp.Action{Name: action},
		Resource: pdp.Resource{Type: "session"},
		Context: pdp.Context{
			Time:      now,
			Address:   c.Address,
			UserAgent: c.UserAgent,
			Credential: pdp.Credential{
				State:    pdp.CredentialValid,
				AMR:      proof.AMR,
				AuthTime: proof.AuthTime,
			},
			LogIn:   seen,
			Journey: trip,
		},
	})
	if err != nil {
		d = pdp.Decision{}
	}
	reasons := d.Reasons
	if d.Allow {
		alarms, unmet := alarmsOf(d.Obligations)
		if unmet == nil {
			a.raise(ctx, c, proof.Account.ID, "", d, alarms, now)
			return d, nil
		}
		a.parts.Log.Error("obligation not met", "error", unmet)
		reasons = []string{"obligation_unmet"}
	}
	e := a.withDecision(a.event(c, action, proof.Account.ID, "", now), d)
	e.Role, e.Outcome, e.Allow, e.Reasons = proof.Account.Role, "failure", false, reasons
	if fault := errors.Join(err, a.parts.Journal.Append(context.WithoutCancel(ctx), e)); fault != nil {
		return pdp.Decision{}, fmt.Errorf("decide on a session: %w", fault)
	}
	switch {
	case len(reasons) == 0:
		reasons = []string{problem.NotGranted}
	case a.undecided(reasons):
		return pdp.Decision{}, &Refusal{Kind: Undecided, Reasons: reasons}
	}
	return pdp.Decision{}, &Refusal{Kind: Forbidden, Reasons: reasons}
}

// subject is the type of the subject that an account is.
func (a *Admin) subject(p *pip.Profile) string {
	if a.kind(p) == pip.RoleMachine {
		return pdp.SubjectMachine
	}
	return pdp.SubjectUser
}

// unproven turns an error of the Authenticator into a refusal. What was
// evaluated and found wrong is journalled first; that a client was told to
// wait is not, or strangers could fill the journal.
func (a *Admin) unproven(ctx context.Context, c Client, action, session string, err error) error {
	r, known := refused(err)
	if r == nil {
		return err
	}
	if r.Kind != Unproven {
		return r
	}
	e := a.event(c, action, known.Account, session, a.cfg.Now())
	e.Outcome, e.Reasons, e.Alarm = "failure", r.Reasons, a.reasons().Alarm(r.Reasons)
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("journal a failed %s: %w", action, err)
	}
	a.tellOfCopy(ctx, c, known)
	return r
}

func (a *Admin) event(c Client, action, account, session string, now time.Time) pip.Event {
	t := pdp.Trace{ID: c.Decision, Action: action, Subject: account, Session: session, Address: c.Address}
	if c.Address.IsValid() {
		seen := a.parts.Footprints.Observe(c.UserAgent, c.Address)
		t.Client = pdp.Client{OS: seen.OS, Browser: seen.Browser, Country: seen.Country}
	}
	return t.Event(pip.KindSession, now)
}

// withDecision puts a decision into the evidence of what it was asked about.
func (a *Admin) withDecision(e pip.Event, d pdp.Decision) pip.Event {
	d.Record(&e, a.reasons())
	return e
}

package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

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
	challenge, err := a.parts.Authenticator.Password(ctx, email, password, a.origin(c, &seen))
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
	proof, err := a.parts.Authenticator.Verify(ctx, challenge, code, a.origin(c, &seen))
	if err != nil {
		return Tokens{}, a.failed(ctx, c, pdp.FactorCode, seen, err)
	}
	now := a.cfg.Now()
	here := a.observe(c)
	last, err := a.parts.Store.LastLogIn(ctx, proof.Account.ID)
	if err != nil {
		return Tokens{}, fmt.Errorf("begin session: %w", err)
	}
	trip := a.since(last, proof.Account.ID, here, now)
	decision, err := a.mayBeginAs(ctx, c, actionCreate, proof, pdp.LogIn{Familiar: seen.words}, trip, now)
	if err != nil {
		return Tokens{}, err
	}
	s, tokens, err := a.begin(ctx, c, proof, seen, here, now)
	if err != nil {
		return Tokens{}, fmt.Errorf("begin session: %w", err)
	}
	e := a.event(c, actionCreate, s.Account, s.ID, now)
	e.Role, e.Outcome, e.Allow = proof.Account.Role, "success", true
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), a.withDecision(e, decision)); err != nil {
		_, undo := a.parts.Store.End(context.WithoutCancel(ctx), s.ID, s.Account, "not_journalled", now)
		return Tokens{}, errors.Join(fmt.Errorf("begin session: %w", err), undo)
	}
	return tokens, nil
}

// begin stores a session with its first tokens, and from where it began.
func (a *Admin) begin(ctx context.Context, c Client, proof pip.Proof, seen familiarity, here pip.Footprint, now time.Time) (Session, Tokens, error) {
	s, err := a.newSession(proof, here, now)
	if err != nil {
		return Session{}, Tokens{}, err
	}
	tokens, err := a.sign(s, proof.Account.Role, s.ACR, s.AuthTime, now, a.Limits().Access)
	if err != nil {
		return Session{}, Tokens{}, err
	}
	from := Sighting{Account: s.Account, Device: seen.device, Network: networkOf(c.Address), At: now}
	tokens.Device = c.Device
	if from.Device == "" {
		if tokens.Device, from.Device, err = a.newDeviceKey(s.Account); err != nil {
			return Session{}, Tokens{}, err
		}
	}
	if from.Place, err = a.parts.Footprints.Seal(arrivalUse(s.Account), here); err != nil {
		return Session{}, Tokens{}, err
	}
	var hash string
	tokens.Refresh, hash = newRefresh()
	return s, tokens, a.parts.Store.Begin(ctx, s, Refresh{Hash: hash, Session: s.ID, Issued: now}, from)
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
	s.Sealed, err = a.sealFootprint(s.ID, here)
	return s, err
}

// mayBeginAs asks the policy whether the proven subject gets a session. An
// obligation could not be met here, so it denies.
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
	if d.Allow && len(d.Obligations) == 0 {
		return d, nil
	}
	if d.Allow {
		reasons = []string{"obligation_unmet"}
	}
	e := a.withDecision(a.event(c, action, proof.Account.ID, "", now), d)
	e.Role, e.Outcome, e.Allow, e.Reasons = proof.Account.Role, "failure", false, reasons
	if fault := errors.Join(err, a.parts.Journal.Append(context.WithoutCancel(ctx), e)); fault != nil {
		return pdp.Decision{}, fmt.Errorf("decide on a session: %w", fault)
	}
	if len(reasons) == 0 {
		reasons = []string{problem.NotGranted}
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
// evaluated and found wrong is journalled first; that somebody was told to
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

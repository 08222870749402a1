package admin

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// A Registrar opens accounts and replaces forgotten passwords. A
// *problem.Malformed names faulty fields.
type Registrar interface {
	SignUp(ctx context.Context, s pip.SignUpForm) error
	VerifySignUp(ctx context.Context, email, code string) (pip.Profile, error)
	Forgot(ctx context.Context, email string) (pip.Challenge, error)
	// Reset calls end, which ends all sessions of the account, before and after
	// it replaces the password.
	Reset(ctx context.Context, challenge, code, password string, end func(ctx context.Context, account string) error) (account string, err error)
}

// Apps adds an authenticator app to an account, and removes it.
type Apps interface {
	Offer(ctx context.Context, account string) (secret, uri string, err error)
	Confirm(ctx context.Context, account, code string) (recovery []string, err error)
	Remove(ctx context.Context, account string) error
}

const (
	actionVerify    = "account.verify"
	actionReset     = "account.reset"
	actionAddApp    = "factor.add"
	actionUseApp    = "factor.confirm"
	actionRemoveApp = "factor.remove"
)

// reasonEnrolled says that there is an authenticator app already: the caller is
// who it says, and still may not have another.
const reasonEnrolled = "totp_enrolled"

// SignsUp reports whether people may sign up and choose a new password here.
func (a *Admin) SignsUp() bool { return a.parts.Registrar != nil }

// HasApps reports whether authenticator apps are kept here.
func (a *Admin) HasApps() bool { return a.parts.Apps != nil }

// SignUp takes an application for an account.
func (a *Admin) SignUp(ctx context.Context, s pip.SignUpForm) error {
	return personal(a.parts.Registrar.SignUp(ctx, s))
}

// Forgot begins to choose a new password.
func (a *Admin) Forgot(ctx context.Context, email string) (pip.Challenge, error) {
	challenge, err := a.parts.Registrar.Forgot(ctx, email)
	return challenge, personal(err)
}

// Account is what is known of an account.
func (a *Admin) Account(ctx context.Context, id string) (pip.Profile, error) {
	return a.parts.Authenticator.Account(ctx, id)
}

// VerifySignUp opens an account.
func (a *Admin) VerifySignUp(ctx context.Context, c Client, email, code string) error {
	p, err := a.parts.Registrar.VerifySignUp(ctx, email, code)
	if err != nil {
		return personal(err)
	}
	return a.note(ctx, c, actionVerify, p.ID, "", p.Role)
}

// Reset replaces a forgotten password, and ends all sessions of the account. It
// lifts no ban.
func (a *Admin) Reset(ctx context.Context, c Client, challenge, code, password string) error {
	account, err := a.parts.Registrar.Reset(ctx, challenge, code, password, func(ctx context.Context, account string) error {
		return a.RevokeAccount(ctx, account, "password_reset")
	})
	if err != nil {
		return personal(err)
	}
	return a.note(ctx, c, actionReset, account, "", "")
}

// OfferApp makes the secret of an authenticator app.
func (a *Admin) OfferApp(ctx context.Context, c Client, account, session string) (secret, uri string, err error) {
	if account == "" {
		return "", "", Refuse(Unproven, problem.SessionMissing)
	}
	if secret, uri, err = a.parts.Apps.Offer(ctx, account); err != nil {
		return "", "", personal(err)
	}
	return secret, uri, a.note(ctx, c, actionAddApp, account, session, "")
}

// ConfirmApp makes the app a factor, and returns the recovery codes.
func (a *Admin) ConfirmApp(ctx context.Context, c Client, account, session, code string) ([]string, error) {
	if account == "" {
		return nil, Refuse(Unproven, problem.SessionMissing)
	}
	recovery, err := a.parts.Apps.Confirm(ctx, account, code)
	if err != nil {
		return nil, personal(err)
	}
	return recovery, a.note(ctx, c, actionUseApp, account, session, "")
}

// RemoveApp leaves the account with e-mailed codes.
func (a *Admin) RemoveApp(ctx context.Context, c Client, account, session string) error {
	if account == "" {
		return Refuse(Unproven, problem.SessionMissing)
	}
	if err := a.parts.Apps.Remove(ctx, account); err != nil {
		return personal(err)
	}
	return a.note(ctx, c, actionRemoveApp, account, session, "")
}

// note journals what has happened to an account.
func (a *Admin) note(ctx context.Context, c Client, action, account, session, role string) error {
	e := a.event(c, action, account, session, a.cfg.Now())
	e.Kind, e.Role, e.Outcome, e.Allow = pip.KindAccount, role, "success", true
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("journal %s: %w", action, err)
	}
	return nil
}

// personal turns a definite no of ID management into a refusal, and leaves
// everything else as it is.
func personal(err error) error {
	r, _ := refused(err)
	if r == nil {
		return err
	}
	if r.Reasons[0] == reasonEnrolled {
		r.Kind = Forbidden
	}
	return r
}

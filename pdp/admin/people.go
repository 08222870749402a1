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
	// SignUp returns the name of the sign-up, for the one who began it alone.
	SignUp(ctx context.Context, s pip.SignUpForm, from pip.Origin) (flow string, err error)
	// VerifySignUp calls record with the account as it will be: with its error there is none.
	VerifySignUp(ctx context.Context, a pip.SignUpAnswer, from pip.Origin, record func(context.Context, pip.Profile) error) (pip.Profile, error)
	Forgot(ctx context.Context, email string, from pip.Origin) (pip.Challenge, error)
	// Reset calls end, which ends all sessions of the account, before and after
	// it replaces the password, and record before all of that.
	Reset(ctx context.Context, a pip.ResetAnswer, from pip.Origin, record, end func(ctx context.Context, account string) error) (account string, err error)
}

// Apps adds an authenticator app to an account, and removes it.
type Apps interface {
	// Left reports whether the account has an app, and how many recovery codes
	// are left.
	Left(ctx context.Context, account string) (enrolled bool, recovery int, err error)
	Offer(ctx context.Context, account string) (secret, uri string, err error)
	// OfferAnew is Offer for an account whose app was lost: the new one replaces it.
	OfferAnew(ctx context.Context, account string) (secret, uri string, err error)
	// Confirm calls record when the code is right, before the app is a factor: with its
	// error it does not become one.
	Confirm(ctx context.Context, account, code string, record func(context.Context) error) (recovery []string, err error)
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

// SignUp takes an application for an account, and returns its name.
func (a *Admin) SignUp(ctx context.Context, c Client, s pip.SignUpForm) (flow string, err error) {
	flow, err = a.parts.Registrar.SignUp(ctx, s, a.origin(c))
	return flow, personal(err)
}

// Forgot begins to choose a new password.
func (a *Admin) Forgot(ctx context.Context, c Client, email string) (pip.Challenge, error) {
	challenge, err := a.parts.Registrar.Forgot(ctx, email, a.origin(c))
	return challenge, personal(err)
}

// Account is what is known of an account.
func (a *Admin) Account(ctx context.Context, id string) (pip.Profile, error) {
	return a.parts.Authenticator.Account(ctx, id)
}

// VerifySignUp opens an account.
func (a *Admin) VerifySignUp(ctx context.Context, c Client, answer pip.SignUpAnswer) error {
	// The evidence comes first: what cannot be journalled opens no account.
	_, err := a.parts.Registrar.VerifySignUp(ctx, answer, a.origin(c), func(ctx context.Context, p pip.Profile) error {
		if p.Patient != "" { // by an enrolment code, which is used up
			return a.noteChange(ctx, c, actionVerify, p.ID, "", p.Role, pip.Change{What: pip.ChangeEnrolmentUsed, Of: p.Patient})
		}
		return a.note(ctx, c, actionVerify, p.ID, "", p.Role)
	})
	return personal(err)
}

// Reset replaces a forgotten password, and ends all sessions of the account. It
// lifts no ban.
func (a *Admin) Reset(ctx context.Context, c Client, answer pip.ResetAnswer) error {
	// The evidence comes first: what cannot be journalled changes nothing.
	record := func(ctx context.Context, account string) error {
		return a.noteChange(ctx, c, actionReset, account, "", "", pip.Change{What: pip.ChangePassword, Of: account})
	}
	end := func(ctx context.Context, account string) error {
		return a.RevokeAccount(ctx, account, "password_reset")
	}
	account, err := a.parts.Registrar.Reset(ctx, answer, a.origin(c), record, end)
	if err != nil {
		return personal(err)
	}
	a.tellOwner(ctx, c, account, pip.Notice{Kind: pip.NoticePassword})
	return nil
}

// OfferApp makes the secret of an authenticator app.
func (a *Admin) OfferApp(ctx context.Context, c Client, account, session string) (secret, uri string, err error) {
	if account == "" {
		return "", "", Refuse(Unproven, problem.SessionMissing)
	}
	offer := a.parts.Apps.Offer
	passed, err := a.byPass(ctx, account, session)
	if err != nil {
		return "", "", err
	}
	if passed {
		offer = a.parts.Apps.OfferAnew
	}
	if secret, uri, err = offer(ctx, account); err != nil {
		return "", "", personal(err)
	}
	return secret, uri, a.note(ctx, c, actionAddApp, account, session, "")
}

// ConfirmApp makes the app a factor, and returns the recovery codes. In a session that
// began with a pass it ends all others.
func (a *Admin) ConfirmApp(ctx context.Context, c Client, account, session, code string) ([]string, error) {
	if account == "" {
		return nil, Refuse(Unproven, problem.SessionMissing)
	}
	passed, err := a.byPass(ctx, account, session)
	if err != nil {
		return nil, err
	}
	// The evidence comes first: what cannot be journalled becomes no factor.
	recovery, err := a.parts.Apps.Confirm(ctx, account, code, func(ctx context.Context) error {
		return a.noteChange(ctx, c, actionUseApp, account, session, "", pip.Change{What: pip.ChangeAppAdded, Of: account})
	})
	if err != nil {
		return nil, personal(err)
	}
	var ended error
	if passed { // the app before it was lost: somebody who has found it may have a session
		ended = a.endOthers(context.WithoutCancel(ctx), c, account, session, "factor_replaced")
	}
	a.tellOwner(ctx, c, account, pip.Notice{Kind: pip.NoticeFactorAdded})
	return recovery, ended
}

// RemoveApp leaves the account with e-mailed codes.
func (a *Admin) RemoveApp(ctx context.Context, c Client, account, session string) error {
	if account == "" {
		return Refuse(Unproven, problem.SessionMissing)
	}
	// The evidence comes first: without the app a mailed code is a factor again.
	if err := a.noteChange(ctx, c, actionRemoveApp, account, session, "", pip.Change{What: pip.ChangeAppRemoved, Of: account}); err != nil {
		return err
	}
	if err := a.parts.Apps.Remove(context.WithoutCancel(ctx), account); err != nil {
		return personal(err)
	}
	a.tellOwner(ctx, c, account, pip.Notice{Kind: pip.NoticeFactorRemoved})
	return nil
}

// App reports whether the account has an app, and how many recovery codes are
// left of it.
func (a *Admin) App(ctx context.Context, account string) (enrolled bool, recovery int, err error) {
	if account == "" {
		return false, 0, Refuse(Unproven, problem.SessionMissing)
	}
	return a.parts.Apps.Left(ctx, account)
}

// RemoveAppOf removes somebody else's app and recovery codes, and ends all
// sessions of that account: a thief of the app may have them.
func (a *Admin) RemoveAppOf(ctx context.Context, c Client, by, account string) error {
	p, err := a.user(ctx, account)
	if err != nil {
		return err
	}
	if p.ID == by {
		return Refuse(Forbidden, problem.OwnAccount)
	}
	// The evidence comes first: what cannot be journalled changes nothing.
	if err := a.ordered(ctx, c, "user.remove_factor", by, p.ID, "", pip.Change{What: pip.ChangeAppRemoved, Of: p.ID}); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := a.parts.Apps.Remove(ctx, p.ID); err != nil {
		return err
	}
	a.tell(ctx, c, p, pip.Notice{Kind: pip.NoticeFactorRemoved, By: a.named(ctx, by)})
	return a.endAll(ctx, c, p.ID, "factor_removed")
}

// note journals what has happened to an account.
func (a *Admin) note(ctx context.Context, c Client, action, account, session, role string) error {
	return a.noteChange(ctx, c, action, account, session, role, pip.Change{})
}

// noteChange is note for what has to stay in force in a database that loses it.
func (a *Admin) noteChange(ctx context.Context, c Client, action, account, session, role string, change pip.Change) error {
	e := a.event(c, action, account, session, a.cfg.Now())
	if change.What != "" {
		e.Change = &change
	}
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
	switch r.Reasons[0] {
	case reasonEnrolled:
		r.Kind = Forbidden
	case "passkey_refused":
		r.Kind = Malformed
	case "passkey_taken", "passkeys_full":
		r.Kind = Conflicting
	}
	return r
}

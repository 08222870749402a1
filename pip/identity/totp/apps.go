// Package totp is the second factor of an authenticator app, with recovery codes
// for the day on which the phone is gone.
package totp

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

const (
	appStep       = 30 * time.Second // RFC 6238, section 5.2
	appDrift      = 1                // steps by which the phone's clock may differ
	offerLife     = 15 * time.Minute
	offerAttempts = 5
	recoveryCount = 10
	recoverySize  = 10 // letters of five bits each
)

const (
	methodApp = "totp"
	// amrRecovery is a code from a sheet of paper, which the policy may want to
	// tell apart. RFC 8176 has no name for it.
	amrRecovery = "recovery"
)

// ErrEnrolled says that the account has an authenticator app, which has to be
// removed before another one is added.
var ErrEnrolled error = &pip.Refusal{Reason: "totp_enrolled"}

// Apps is the factor of an authenticator app (TOTP, RFC 6238), with recovery
// codes for the day on which the phone is gone. A code is good for one use, and
// none is good once a newer one was used. A recovery code is good for a log-in,
// not for a step-up.
type Apps struct {
	accounts *identity.Accounts
	vault    *vault.Vault
	store    Store
	issuer   string
	now      func() time.Time
}

var _ identity.Factor = (*Apps)(nil)

// New returns the factor over store. The issuer is what the app shows
// beside the code. A nil now is the wall clock.
func New(accounts *identity.Accounts, vault *vault.Vault, store Store, issuer string, now func() time.Time) *Apps {
	if now == nil {
		now = time.Now
	}
	return &Apps{accounts: accounts, vault: vault, store: store, issuer: issuer, now: now}
}

// Offer makes the secret for an app of the account: as text, and as an otpauth
// URI to be shown as a picture. It is told here once and never again. An
// earlier offer that was not confirmed is void; a confirmed app is ErrEnrolled.
func (a *Apps) Offer(ctx context.Context, account string) (secret, uri string, err error) {
	return a.offer(ctx, account, a.store.OfferApp)
}

// OfferAnew is Offer for somebody who has lost the app: the one that there is stays
// as it is until the new one is confirmed, and is replaced then.
func (a *Apps) OfferAnew(ctx context.Context, account string) (secret, uri string, err error) {
	return a.offer(ctx, account, func(ctx context.Context, app App) (bool, error) { return true, a.store.OfferNextApp(ctx, app) })
}

func (a *Apps) offer(ctx context.Context, account string, keep func(context.Context, App) (bool, error)) (secret, uri string, err error) {
	p, err := a.accounts.Account(ctx, account)
	if err != nil {
		return "", "", fmt.Errorf("offer app: %w", err)
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: a.issuer, AccountName: p.Username})
	if err != nil {
		return "", "", errors.New("offer app: no secret")
	}
	sealed, err := a.vault.Seal(appPlace(account), []byte(key.Secret()))
	if err != nil {
		return "", "", fmt.Errorf("offer app: %w", err)
	}
	offered, err := keep(ctx, App{Account: account, Sealed: sealed, Created: a.now()})
	if err != nil {
		return "", "", err
	}
	if !offered {
		return "", "", ErrEnrolled
	}
	return key.Secret(), key.URL(), nil
}

func appPlace(account string) string { return "totp/secret/" + account }

// Confirm takes the first code of the app that was offered and returns ten
// recovery codes, told here once; or ErrCode. Five wrong codes, or a quarter of
// an hour, void the offer. Record is called when the code is right, before the app
// is a factor: with its error it does not become one.
func (a *Apps) Confirm(ctx context.Context, account, code string, record func(context.Context) error) ([]string, error) {
	now := a.now()
	next, replaces, err := a.store.TryNextApp(ctx, account, offerAttempts, now.Add(-offerLife))
	if err != nil {
		return nil, err
	}
	if replaces {
		return a.settle(ctx, next, code, now, record, a.store.ConfirmNextApp)
	}
	counted, err := a.store.TryApp(ctx, account, offerAttempts, now.Add(-offerLife))
	if err != nil {
		return nil, err
	}
	if !counted {
		return nil, &pip.Refusal{Reason: "code_invalid", Account: account}
	}
	app, err := a.store.App(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("confirm app: %w", err)
	}
	return a.settle(ctx, app, code, now, record, a.store.ConfirmApp)
}

// settle makes an offered app the account's, if the code is its own and that is on record.
func (a *Apps) settle(ctx context.Context, app App, code string, now time.Time, record func(context.Context) error, confirm func(context.Context, App, []string) (bool, error)) (recovery []string, err error) {
	account := app.Account
	if app.LastStep, err = a.match(&app, code, now); err != nil {
		return nil, err
	}
	if app.LastStep == 0 {
		return nil, &pip.Refusal{Reason: "code_invalid", Account: account}
	}
	codes, marks, err := a.recoveryCodes(account)
	if err != nil {
		return nil, err
	}
	if err := record(ctx); err != nil {
		return nil, err
	}
	app.Confirmed = now
	confirmed, err := confirm(context.WithoutCancel(ctx), app, marks)
	if err != nil {
		return nil, err
	}
	if !confirmed {
		return nil, &pip.Refusal{Reason: "code_invalid", Account: account}
	}
	return codes, nil
}

func (a *Apps) recoveryCodes(account string) (codes, marks []string, err error) {
	for range recoveryCount {
		plain := rand.Text()[:recoverySize]
		mark, err := a.vault.Mark(recoveryPlace(account), plain)
		if err != nil {
			return nil, nil, err
		}
		codes, marks = append(codes, plain[:recoverySize/2]+"-"+plain[recoverySize/2:]), append(marks, mark)
	}
	return codes, marks, nil
}

func recoveryPlace(account string) string { return "recovery/" + account }

// Remove forgets app and recovery codes. That there are none is no error.
func (a *Apps) Remove(ctx context.Context, account string) error {
	return a.store.RemoveApp(ctx, account)
}

// Left reports whether the account has a confirmed app, and how many recovery
// codes were not used.
func (a *Apps) Left(ctx context.Context, account string) (enrolled bool, recovery int, err error) {
	if enrolled, err = a.Ready(ctx, account); err != nil || !enrolled {
		return false, 0, err
	}
	recovery, err = a.store.RecoveryLeft(ctx, account)
	return true, recovery, err
}

// Lost is the sealed secret that stands for one that was lost with a database: no app
// has it, so that the account is as one whose phone is gone.
func (a *Apps) Lost(account string) ([]byte, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: a.issuer, AccountName: account})
	if err != nil {
		return nil, errors.New("lost app: no secret")
	}
	return a.vault.Seal(appPlace(account), []byte(key.Secret()))
}

// NextStep is the first time step of which no code can have been used at now.
func NextStep(now time.Time) int64 { return now.Unix()/int64(appStep/time.Second) + appDrift + 1 }

// Method is "totp".
func (*Apps) Method() string { return methodApp }

// Ready reports whether the account has a confirmed app.
func (a *Apps) Ready(ctx context.Context, account string) (bool, error) {
	app, err := a.store.App(ctx, account)
	if errors.Is(err, identity.ErrNotFound) {
		return false, nil
	}
	return err == nil && !app.Confirmed.IsZero(), err
}

// Prepare asks nothing: the app shows its code by itself.
func (*Apps) Prepare(context.Context, pip.Profile) (identity.Question, error) {
	return identity.Question{}, nil
}

// Check uses up the code that it accepts.
func (a *Apps) Check(ctx context.Context, c identity.Pending, answer string) (string, error) {
	if identity.IsCode(answer) {
		return a.checkCode(ctx, c.Account, answer)
	}
	if c.Purpose != identity.PurposeLogIn {
		return "", nil
	}
	return a.checkRecovery(ctx, c.Account, answer)
}

func (a *Apps) checkCode(ctx context.Context, account, answer string) (string, error) {
	app, err := a.store.App(ctx, account)
	if err != nil {
		return "", fmt.Errorf("check app: %w", err)
	}
	step, err := a.match(&app, answer, a.now())
	if err != nil || step == 0 {
		return "", err
	}
	used, err := a.store.UseStep(ctx, account, step)
	if err != nil || !used {
		return "", err
	}
	return identity.AmrOneTime, nil
}

func (a *Apps) checkRecovery(ctx context.Context, account, answer string) (string, error) {
	plain := strings.ToUpper(strings.ReplaceAll(answer, "-", ""))
	if len(plain) != recoverySize {
		return "", nil
	}
	mark, err := a.vault.Mark(recoveryPlace(account), plain)
	if err != nil {
		return "", err
	}
	used, err := a.store.UseRecovery(ctx, account, mark, a.now())
	if err != nil || !used {
		return "", err
	}
	return amrRecovery, nil
}

// match returns the time step whose code this is, or 0. It compares with every
// step that counts, so that time tells nothing.
func (a *Apps) match(app *App, code string, now time.Time) (int64, error) {
	secret, err := a.vault.Open(appPlace(app.Account), app.Sealed)
	if err != nil {
		return 0, err
	}
	var found int64
	current := now.Unix() / int64(appStep/time.Second)
	for step := current - appDrift; step <= current+appDrift; step++ {
		want, err := hotp.GenerateCodeCustom(string(secret), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, errors.New("the app's secret is not readable")
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	return found, nil
}

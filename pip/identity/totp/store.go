package totp

import (
	"context"
	"time"
)

// An App is an authenticator app of one account, as it is stored.
type App struct {
	Account   string
	Sealed    []byte // the secret
	LastStep  int64  // the newest time step whose code was used; none is older than it again
	Created   time.Time
	Confirmed time.Time // zero until the first code proved that the app has the secret
}

// A Store keeps authenticator apps and recovery codes. Each change is one
// atomic statement.
type Store interface {
	// OfferApp stores an unconfirmed app in place of another unconfirmed one,
	// and reports false when the account has a confirmed app.
	OfferApp(ctx context.Context, a App) (bool, error)
	App(ctx context.Context, account string) (App, error) // ErrNotFound
	// TryApp uses up one of limit attempts to confirm an app offered after since.
	TryApp(ctx context.Context, account string, limit int, since time.Time) (bool, error)
	// ConfirmApp confirms the app that was offered at a.Created, with a.LastStep,
	// and replaces all recovery codes by these; or reports false.
	ConfirmApp(ctx context.Context, a App, recovery []string) (bool, error)
	// OfferNextApp keeps an app that is to replace the one that there is.
	OfferNextApp(ctx context.Context, a App) error
	// TryNextApp uses up one of limit attempts to confirm it, and returns it.
	TryNextApp(ctx context.Context, account string, limit int, since time.Time) (App, bool, error)
	// ConfirmNextApp replaces app and recovery codes, or reports false.
	ConfirmNextApp(ctx context.Context, a App, recovery []string) (bool, error)
	// UseStep marks step as used, if the app is confirmed and has used none as new.
	UseStep(ctx context.Context, account string, step int64) (bool, error)
	// UseRecovery uses up a recovery code.
	UseRecovery(ctx context.Context, account, index string, now time.Time) (bool, error)
	// RecoveryLeft counts the recovery codes that were not used.
	RecoveryLeft(ctx context.Context, account string) (int, error)
	// RemoveApp forgets the app and the recovery codes.
	RemoveApp(ctx context.Context, account string) error
}

package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/signing"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// accessTokenType is the typ header of RFC 9068, section 2.1.
const accessTokenType = "at+jwt"

// lead is how long a new key is known before it signs, so that every process on
// the same folder has read it when its first token arrives.
const lead = 2 * time.Second

// Keys holds the keys that sign access tokens. Any number of processes may share
// a folder, and each may rotate.
type Keys struct{ *signing.Keys }

// OpenKeys reads the keys in dir, files of mode 0600, and makes the first one.
// Outlive is how long a key verifies after it was replaced: at least the life
// of a token and the leeway of clocks; 330 seconds when zero. A nil now is the
// wall clock.
func OpenKeys(dir string, outlive time.Duration, now func() time.Time) (*Keys, error) {
	if outlive == 0 {
		outlive = Limits{}.withDefaults().tokenLife()
	}
	keys, err := signing.Open(dir, signing.Config{Lead: lead, Outlive: outlive, Now: now})
	if err != nil {
		return nil, err
	}
	return &Keys{keys}, nil
}

// String keeps keys out of logs.
func (*Keys) String() string { return "redacted" }

// JWKS returns what Public returns, as a document.
func (k *Keys) JWKS() (pdp.KeySet, error) { return pdp.NewKeySet(k.Public()) }

func (k *Keys) sign(c jwt.Claims) (string, error) { return k.Keys.Sign(c, accessTokenType) }

// RotateKeys makes a new signing key, for an operator. The evidence comes first.
func (a *Admin) RotateKeys(ctx context.Context, c Client, by string) error {
	e := a.event(c, "keys.rotate", by, "", a.cfg.Now())
	e.Kind, e.Outcome, e.Allow = pip.KindSystem, "success", true
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("rotate keys: %w", err)
	}
	return a.parts.Keys.Rotate()
}

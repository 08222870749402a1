package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
)

// tries is how often a token is looked for that other callers replace meanwhile.
const tries = 5

// Continue gives out the token of a handle while it is young, and else replaces it:
// of any number of callers one does, and the others get what it got. A handle on
// another host than its own is none, and one on a host at which browsers have no sessions
// any more is over.
func (b *Browsers) Continue(ctx context.Context, c pdp.Continuation) (pdp.Continued, error) {
	if len(c.Handle) != secretText || b.known(c.Host) != nil {
		return pdp.Continued{}, pdp.ErrSessionOver
	}
	hash := Hash(c.Handle)
	for range tries {
		got, err := b.continued(ctx, c, hash)
		if !errors.Is(err, ErrRenewed) {
			return got, err
		}
	}
	return pdp.Continued{}, fmt.Errorf("continue a session: %w", ErrRenewed)
}

func (b *Browsers) continued(ctx context.Context, c pdp.Continuation, hash string) (pdp.Continued, error) {
	now := b.parts.Admin.Now()
	h, live, err := b.held(ctx, hash, c.Host, now)
	if err != nil {
		return pdp.Continued{}, err
	}
	if got, young := b.young(h, now); live && young {
		return got, nil
	}
	return b.renew(ctx, c, h) // which ends a session whose time is over
}

// held is the handle with a hash on a host, and whether its session goes on. A handle that is of
// no more use is pdp.ErrSessionOver.
func (b *Browsers) held(ctx context.Context, hash, host string, now time.Time) (h Handle, live bool, err error) {
	h, s, err := b.parts.Store.Handle(ctx, hash)
	if errors.Is(err, ErrNone) {
		return Handle{}, false, pdp.ErrSessionOver
	}
	if err != nil {
		return Handle{}, false, fmt.Errorf("read a browser's session: %w", err)
	}
	live = s.Live(now)
	if h.Host != host || live && !now.Before(h.Over) || live && b.walkedAway(h, now) {
		return Handle{}, false, pdp.ErrSessionOver
	}
	return h, live, nil
}

// GoesOn answers for what is under way in a session, and changes nothing: what only waits
// keeps no session alive, and no person at a workstation.
func (b *Browsers) GoesOn(ctx context.Context, o pdp.Ongoing) (pdp.Going, error) {
	if o.Handle == "" {
		live, err := b.parts.Admin.GoesOn(ctx, o.Session)
		if err == nil && !live {
			err = pdp.ErrSessionOver
		}
		return pdp.Going{}, err
	}
	if b.known(o.Host) != nil {
		return pdp.Going{}, pdp.ErrSessionOver
	}
	h, live, err := b.held(ctx, Hash(o.Handle), o.Host, b.parts.Admin.Now())
	switch {
	case err != nil:
		return pdp.Going{}, err
	case !live || h.Session != o.Session:
		return pdp.Going{}, pdp.ErrSessionOver
	case h.Workstation != nil:
		return pdp.Going{AskAfter: watch}, nil
	}
	return pdp.Going{}, nil
}

// watch is how long an enforcement point goes by a token at a workstation, and leaves alone what
// is under way there, before it asks again: when somebody else is at it, the one before is
// there no more within that time.
const watch = time.Second

// walkedAway reports whether a workstation was not used for too long. What is used is
// renewed in time: a handle that was not is left.
func (b *Browsers) walkedAway(h Handle, now time.Time) bool {
	return h.Workstation != nil && !now.Before(h.Issued.Add(b.parts.Admin.Limits().WalkAway))
}

// young returns the stored token unless it is due to be replaced. One that does not
// open, or comes from after now by more than clocks may differ, is replaced too.
func (b *Browsers) young(h Handle, now time.Time) (pdp.Continued, bool) {
	limits := b.parts.Admin.Limits()
	due := h.Issued.Add(limits.RefreshAfter)
	if h.Expires.Before(due) {
		due = h.Expires
	}
	renew := due
	if h.Workstation != nil {
		if early := h.Issued.Add(limits.WalkAway / 4); early.Before(due) {
			due = early
		}
		renew = now.Add(watch)
		if due.Before(renew) {
			renew = due
		}
	}
	if h.Token == "" || !now.Before(due) || now.Before(h.Issued.Add(-limits.Leeway)) {
		return pdp.Continued{}, false
	}
	token, err := b.unseal(h)
	if err != nil {
		b.parts.Log.Warn("a browser's token does not open, and is replaced", "session", h.Session, "error", err)
		return pdp.Continued{}, false
	}
	return pdp.Continued{AccessToken: token, Expires: h.Expires, RenewAfter: renew.Sub(now)}, true
}

// renew replaces the token of h. A token whose evidence failed is taken back.
func (b *Browsers) renew(ctx context.Context, c pdp.Continuation, h Handle) (pdp.Continued, error) {
	kept := false
	tokens, err := b.parts.Admin.Extend(ctx, admin.Client{Address: c.Address, UserAgent: c.UserAgent, Decision: c.Decision}, admin.Extension{
		Session: h.Session, Host: h.Host, Elevation: h.Elevation, Workstation: h.Workstation,
		Keep: func(ctx context.Context, t admin.Tokens, at, idleUntil time.Time) (err error) {
			h.Issued, h.Expires, h.Generation = at, at.Add(t.ExpiresIn).Truncate(time.Second), h.Generation+1
			if h.Token, err = b.seal(h, t.Access); err != nil {
				return err
			}
			err = b.parts.Store.Renew(ctx, h, at, idleUntil)
			kept = err == nil
			return err
		},
	})
	switch {
	case err == nil:
		after := tokens.RefreshAfter
		if h.Workstation != nil {
			after = min(after, watch)
		}
		return pdp.Continued{AccessToken: tokens.Access, Expires: h.Expires, RenewAfter: after}, nil
	case errors.Is(err, admin.ErrEnded):
		return pdp.Continued{}, pdp.ErrSessionOver
	case kept:
		return pdp.Continued{}, errors.Join(err, b.parts.Store.Blank(context.WithoutCancel(ctx), h.Hash, h.Generation))
	default:
		return pdp.Continued{}, admin.Over(err)
	}
}

// tokenUse binds a stored token to its handle, and to its generation and times,
// without which it would pass for another.
func tokenUse(h Handle) ([]byte, error) {
	return json.Marshal([]any{"wardgate browser token", h.Hash, h.Generation, h.Issued.UnixMicro(), h.Expires.UnixMicro()})
}

func (b *Browsers) seal(h Handle, token string) (string, error) {
	use, err := tokenUse(h)
	if err != nil {
		return "", fmt.Errorf("seal a token: %w", err)
	}
	sealed, err := b.parts.Sealer.Encrypt([]byte(token), use)
	if err != nil {
		return "", fmt.Errorf("seal a token: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

func (b *Browsers) unseal(h Handle) (string, error) {
	use, err := tokenUse(h)
	if err != nil {
		return "", err
	}
	sealed, err := base64.StdEncoding.DecodeString(h.Token)
	if err != nil {
		return "", err
	}
	token, err := b.parts.Sealer.Decrypt(sealed, use)
	return string(token), err
}

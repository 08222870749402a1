package process

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/control/operator"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/internal/signing"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// keysApplication publishes the keys that verify statements.
const keysApplication = "keys"

const (
	// keysPublishedFor is for how long an application may keep the published keys
	// without asking again.
	keysPublishedFor = 5 * time.Minute
	// keysAhead is how long a key is published before it signs: longer than
	// anybody may keep the keys that were published before.
	keysAhead = 2 * keysPublishedFor
	// keysLast is after how long a key is replaced.
	keysLast = 30 * 24 * time.Hour
)

// Statements are the keys under which other applications are told who asks. They
// sign nothing else.
type statements struct {
	*signing.Keys
	journal *journal
}

// newStatements opens them, where this process enforces.
func newStatements(g ground, j *journal) (*statements, error) {
	if !g.config.Runs(config.RolePEP) {
		return nil, nil
	}
	keys, err := signing.Open(g.keyPath("applications"), signing.Config{
		Lead: keysAhead, Outlive: assertion.StatementLife + clockLeeway + keysPublishedFor,
	})
	if err != nil {
		return nil, fmt.Errorf("keys of statements: %w", err)
	}
	s := &statements{Keys: keys, journal: j}
	g.begin().onSweep("keys of statements", func(ctx context.Context) error {
		if keys.Age() < keysLast {
			return nil
		}
		return s.rotate(ctx)
	})
	return s, nil
}

// rotate makes a new key. The evidence comes first.
func (s *statements) rotate(ctx context.Context) error {
	e := pip.Event{
		Kind: pip.KindSystem, Time: time.Now(), Action: "keys.rotate", Subject: operator.Name,
		Outcome: "success", Allow: true, Detail: "statements",
	}
	if err := s.journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("rotate keys of statements: %w", err)
	}
	return s.Rotate()
}

// published serves the public halves (RFC 7517).
func (s *statements) published(g ground) http.Handler {
	guard := assertion.Guard{Key: g.key, Audience: keysApplication, Log: g.log}
	return guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set, err := pdp.NewKeySet(s.Public())
		if err != nil {
			g.log.Error("public keys of statements not readable", "error", err)
			problem.Write(w, problem.New(http.StatusServiceUnavailable, "keys_unavailable"))
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(keysPublishedFor.Seconds())))
		h.Set("X-Content-Type-Options", "nosniff")
		if err := json.NewEncoder(w).Encode(set); err != nil {
			g.log.Warn("public keys of statements not sent", "error", err)
		}
	}))
}

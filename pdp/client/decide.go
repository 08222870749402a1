package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

// DecisionTimeout bounds one decision, the way to and fro included, unless the Config
// says otherwise.
const DecisionTimeout = 50 * time.Millisecond

// Decide asks the decision point. It returns within Config.DecisionTime or with
// the context's end, and then it denies.
func (c *Client) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DecisionTime)
	defer cancel()
	ask := pdp.Ask{ID: rand.Text(), Request: r}
	var answer pdp.Answer
	err := c.call(ctx, http.MethodPost, pdp.PathDecide, ask, &answer, maxAnswer)
	if err == nil {
		err = answer.Check(ask.ID)
	}
	if err == nil {
		err = ctx.Err()
	}
	switch {
	case errors.Is(err, pdp.ErrRevisionChanged):
		c.catchUp(ctx, r.Context.Route)
		return pdp.Decision{}, err
	case err != nil:
		return pdp.Decision{}, fmt.Errorf("decide %s: %w", r.Action.Name, err)
	}
	return answer.Decision, nil
}

// Report has the decision point count what only this process has seen. It
// returns nil only when that is kept.
func (c *Client) Report(ctx context.Context, seen pdp.Counted) error {
	if err := c.call(ctx, http.MethodPost, pdp.PathBehaviour, seen, nil, 0); err != nil {
		return fmt.Errorf("report behaviour: %w", err)
	}
	return nil
}

// Revoke ends a session. It returns nil only when the decision point has.
func (c *Client) Revoke(ctx context.Context, session, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	path := pdp.PathRevoke + url.PathEscape(session) + "/revoke"
	if err := c.call(ctx, http.MethodPost, path, pdp.Revocation{Reason: reason}, nil, 0); err != nil {
		return fmt.Errorf("revoke session %s: %w", session, err)
	}
	return nil
}

package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/wardgate/wardgate/pdp"
)

// Continue asks for the access token behind a browser's handle. pdp.ErrSessionOver
// is the decision point's own word; a decision point that does not answer, or
// answers something else, leaves it unknown.
func (c *Client) Continue(ctx context.Context, of pdp.Continuation) (pdp.Continued, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var got pdp.Continued
	err := c.call(ctx, http.MethodPost, pdp.PathContinue, of, &got, maxAnswer)
	var status statusError
	switch {
	case errors.As(err, &status) && status == http.StatusGone:
		return pdp.Continued{}, pdp.ErrSessionOver
	case err != nil:
		return pdp.Continued{}, fmt.Errorf("continue a browser's session: %w", err)
	case got.AccessToken == "" || got.Expires.IsZero() || got.RenewAfter <= 0:
		return pdp.Continued{}, errors.New("continue a browser's session: the answer says nothing")
	}
	return got, nil
}

// GoesOn asks whether a session does. As with Continue, only the decision point's own word
// says that it is over.
func (c *Client) GoesOn(ctx context.Context, o pdp.Ongoing) (pdp.Going, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var got pdp.Going
	err := c.call(ctx, http.MethodPost, pdp.PathGoesOn, o, &got, maxAnswer)
	var status statusError
	switch {
	case errors.As(err, &status) && status == http.StatusGone:
		return pdp.Going{}, pdp.ErrSessionOver
	case err != nil:
		return pdp.Going{}, fmt.Errorf("ask whether a session goes on: %w", err)
	}
	return got, nil
}

// CookieKey returns the key of browsers' cookies, or an error while the decision
// point has named none. It never changes unless the decision point says so, and is
// good for as long as nothing is heard of it.
func (c *Client) CookieKey() (pdp.CookieKey, error) {
	key := c.cookie.value.Load()
	if key == nil {
		return pdp.CookieKey{}, errors.New("no key of browsers' cookies from the decision point yet")
	}
	return *key, nil
}

func checkCookieKey(k *pdp.CookieKey) error {
	if len(k.Secret) != pdp.CookieKeyBytes {
		return fmt.Errorf("the decision point's key of cookies has %d bytes", len(k.Secret))
	}
	return nil
}

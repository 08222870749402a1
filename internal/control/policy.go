package control

import (
	"context"
	"net/http"
	"time"
)

// maxReturn bounds an order to go back, which may carry a bundle.
const maxReturn = 12 << 20

// A Bundle is a signed rule book that was in force.
type Bundle struct {
	Version  time.Time `json:"version"`
	Revision string    `json:"revision"` // what its manifest calls it
	Rules    string    `json:"rules"`    // the revision that decisions bear
	Digest   string    `json:"digest"`
	Active   bool      `json:"active"`
}

// A Return is an operator's word to go back to an older rule book.
type Return struct {
	To     string `json:"to,omitempty"`     // a revision, or its beginning
	Packed []byte `json:"packed,omitempty"` // the bundle, when it is not one that was in force here
	Reason string `json:"reason"`
}

// A PolicyOperator does what operators' commands ask for about the rule book.
type PolicyOperator interface {
	Bundles(ctx context.Context) ([]Bundle, error)
	Rollback(ctx context.Context, r Return) (Bundle, error)
}

var _ PolicyOperator = (*Client)(nil)

// Bundles lists the rule books that were in force, the newest in force first.
func (c *Client) Bundles(ctx context.Context) ([]Bundle, error) {
	var known []Bundle
	return known, c.do(ctx, http.MethodGet, "/policy/bundles", nil, &known)
}

// Rollback puts an older rule book in force, and returns it.
func (c *Client) Rollback(ctx context.Context, r Return) (Bundle, error) {
	var b Bundle
	return b, c.do(ctx, http.MethodPost, "/policy/rollback", r, &b)
}

func (s server) bundles(w http.ResponseWriter, r *http.Request) {
	known, err := s.operator.Bundles(r.Context())
	s.answer(w, known, err)
}

func (s server) rollback(w http.ResponseWriter, r *http.Request) {
	var order Return
	if !s.readUpTo(w, r, maxReturn, &order) {
		return
	}
	b, err := s.operator.Rollback(r.Context(), order)
	s.answer(w, b, err)
}

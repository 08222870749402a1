package control

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A Ban is a banned account, a barred address or a step-up that is owed.
type Ban struct {
	Kind   string    `json:"kind"` // "account", "address", "step_up"
	Who    string    `json:"who"`  // id of the account, or the address
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
}

// A BanPage is a part of the list of bans; Next is where the following begins.
type BanPage struct {
	Items []Ban  `json:"items"`
	Next  string `json:"next,omitempty"`
}

// An Address is what is to be let in again.
type Address struct {
	Address string `json:"address"`
}

// A BanOperator does what commands about bans ask for.
type BanOperator interface {
	Bans(ctx context.Context, after string, limit int) (BanPage, error)
	LiftBar(ctx context.Context, a Address) error
}

// Bans lists what is held behind the name after.
func (c *Client) Bans(ctx context.Context, after string, limit int) (BanPage, error) {
	var page BanPage
	query := url.Values{"after": {after}, "limit": {strconv.Itoa(limit)}}
	return page, c.do(ctx, http.MethodGet, "/bans?"+query.Encode(), nil, &page)
}

// LiftBar lets clients without a session in again from an address.
func (c *Client) LiftBar(ctx context.Context, a Address) error {
	return c.do(ctx, http.MethodPost, "/bans/lift", a, nil)
}

func (s server) bans(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		s.answer(w, nil, errors.New("limit: expected a number"))
		return
	}
	page, err := s.operator.Bans(r.Context(), r.URL.Query().Get("after"), limit)
	s.answer(w, page, err)
}

func (s server) liftBar(w http.ResponseWriter, r *http.Request) {
	var a Address
	if !s.read(w, r, &a) {
		return
	}
	s.answer(w, nil, s.operator.LiftBar(r.Context(), a))
}

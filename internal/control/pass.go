package control

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// A Pass lets somebody in who has lost the second factor. Its code is shown once.
type Pass struct {
	Code      string    `json:"code"`
	ShiftEnds time.Time `json:"shift_ends"`
}

// String keeps the code out of logs.
func (Pass) String() string { return "redacted" }

// A PassOperator issues passes.
type PassOperator interface {
	Pass(ctx context.Context, user string) (Pass, error)
}

// Pass issues a pass. user is an id or a username.
func (c *Client) Pass(ctx context.Context, user string) (Pass, error) {
	var p Pass
	return p, c.do(ctx, http.MethodPost, "/users/"+url.PathEscape(user)+"/pass", nil, &p)
}

func (s server) pass(w http.ResponseWriter, r *http.Request) {
	p, err := s.operator.Pass(r.Context(), r.PathValue("user"))
	s.answer(w, p, err)
}

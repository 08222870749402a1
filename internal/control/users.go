package control

import (
	"context"
	"net/http"
	"net/url"
)

// A Change is what is to change about an account, "" for what stays as it is.
type Change struct {
	Username string `json:"username,omitempty"`
	Email    string `json:"email,omitempty"`
	Role     string `json:"role,omitempty"`
}

// A UserOperator changes accounts. user is an id or a username.
type UserOperator interface {
	Disable(ctx context.Context, user string) error
	Enable(ctx context.Context, user string) error
	Change(ctx context.Context, user string, to Change) error
	Link(ctx context.Context, user string, l Link) error
	Unlink(ctx context.Context, user string) error
	RemoveApp(ctx context.Context, user string) error
}

var _ UserOperator = (*Client)(nil)

func (c *Client) user(ctx context.Context, user, what string, body any) error {
	return c.do(ctx, http.MethodPost, "/users/"+url.PathEscape(user)+"/"+what, body, nil)
}

// Disable keeps an account out and ends its sessions.
func (c *Client) Disable(ctx context.Context, user string) error {
	return c.user(ctx, user, "disable", nil)
}

// Enable lets a disabled account in again.
func (c *Client) Enable(ctx context.Context, user string) error {
	return c.user(ctx, user, "enable", nil)
}

// Change changes username, address or role.
func (c *Client) Change(ctx context.Context, user string, to Change) error {
	return c.user(ctx, user, "change", to)
}

// Link links an account to a staff record.
func (c *Client) Link(ctx context.Context, user string, l Link) error {
	return c.user(ctx, user, "link", l)
}

// Unlink takes the records away from an account.
func (c *Client) Unlink(ctx context.Context, user string) error {
	return c.user(ctx, user, "unlink", nil)
}

// RemoveApp removes the authenticator app of an account, and its recovery codes.
func (c *Client) RemoveApp(ctx context.Context, user string) error {
	return c.user(ctx, user, "remove-app", nil)
}

// userChanges serves the changes of accounts.
func (s server) userChanges(mux *http.ServeMux) {
	for what, do := range map[string]func(context.Context, string) error{
		"disable": s.operator.Disable, "enable": s.operator.Enable, "unlink": s.operator.Unlink, "remove-app": s.operator.RemoveApp,
	} {
		mux.HandleFunc("POST /users/{user}/"+what, func(w http.ResponseWriter, r *http.Request) {
			s.answer(w, nil, do(r.Context(), r.PathValue("user")))
		})
	}
	mux.HandleFunc("POST /users/{user}/change", func(w http.ResponseWriter, r *http.Request) {
		var to Change
		if s.read(w, r, &to) {
			s.answer(w, nil, s.operator.Change(r.Context(), r.PathValue("user"), to))
		}
	})
	mux.HandleFunc("POST /users/{user}/link", func(w http.ResponseWriter, r *http.Request) {
		var l Link
		if s.read(w, r, &l) {
			s.answer(w, nil, s.operator.Link(r.Context(), r.PathValue("user"), l))
		}
	})
}

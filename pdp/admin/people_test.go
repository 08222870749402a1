package admin_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/totp"
)

// ID management fits these interfaces too.
var (
	_ admin.Registrar = (*identity.Registrar)(nil)
	_ admin.Apps      = (*totp.Apps)(nil)
)

// A desk answers what it is told.
type desk struct {
	account string
	err     error
	said    pip.SignUpForm
}

func (d *desk) SignUp(_ context.Context, s pip.SignUpForm) error { d.said = s; return d.err }

func (d *desk) VerifySignUp(context.Context, string, string) (pip.Profile, error) {
	return pip.Profile{ID: d.account, Role: "nurse"}, d.err
}

func (d *desk) Forgot(context.Context, string) (pip.Challenge, error) {
	return pip.Challenge{ID: "c-1", Methods: []string{"email"}}, d.err
}

func (d *desk) Reset(ctx context.Context, _, _, _ string, end func(context.Context, string) error) (string, error) {
	if d.err != nil {
		return "", d.err
	}
	return d.account, end(ctx, d.account)
}

func (d *desk) Offer(context.Context, string) (secret, uri string, err error) {
	return "SECRET", "otpauth://totp/x", d.err
}

func (d *desk) Confirm(context.Context, string, string) ([]string, error) {
	return []string{"AAAAA-BBBBB"}, d.err
}

func (d *desk) Remove(context.Context, string) error { return d.err }

// withDesk serves the same world with a desk.
func (w *world) withDesk(d *desk) {
	w.t.Helper()
	a, err := admin.New(admin.Parts{
		Tables: tables,
		Keys:   w.keys, Store: w.store, Authenticator: w.auth, Decider: w.policy, Journal: w.journal,
		Footprints: devices{}, Revocations: w.revoked, Sealer: w.sealer, Users: w.people,
		Registrar: d, Apps: d, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}, admin.Config{Issuer: "https://wardgate.test", Audience: "wardgate", Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.server = handler.New(a, w.key, slog.New(slog.NewTextHandler(w.log, nil)))
}

var (
	signUp = map[string]string{"username": "nia", "email": "nia@hospital.test", "password": "a lamp on the third stair", "role": "nurse"}
	reset  = map[string]string{"challenge": "c-1", "code": "123123", "password": "a lamp on the third stair"}
)

func TestPeopleAreServed(t *testing.T) {
	w := newWorld(t)
	w.login()
	d := &desk{account: w.account.ID}
	w.withDesk(d)
	cases := []struct {
		name, method, path, body string
		status                   int
		journalled               string
	}{
		{"forgot", http.MethodPost, "/auth/forgot", `{"email":"nia@hospital.test"}`, 202, ""},
		{"verify", http.MethodPost, "/auth/signup/verify", `{"email":"nia@hospital.test","code":"123123"}`, 204, "account.verify success "},
		{"offer", http.MethodPost, "/api/me/totp", ``, 200, "factor.add success "},
		{"confirm", http.MethodPost, "/api/me/totp/confirm", `{"code":"123123"}`, 200, "factor.confirm success "},
		{"remove", http.MethodDelete, "/api/me/totp", ``, 204, "factor.remove success "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if a := w.send(c.method, c.path, c.body); a.Status != c.status {
				t.Errorf("got %d %s, want %d", a.Status, a.Raw, c.status)
			}
			if c.journalled != "" && w.journal.Last() != c.journalled {
				t.Errorf("journalled %q, want %q", w.journal.Last(), c.journalled)
			}
		})
	}
	if a := w.post("/auth/signup", signUp); a.Status != 202 || a.Raw != "" || d.said.Username != "nia" || d.said.Number != "" {
		t.Errorf("sign-up: got %d %q", a.Status, a.Raw)
	}
}

func TestResetEndsAllSessions(t *testing.T) {
	w := newWorld(t)
	w.login()
	session := w.claims.Session
	w.withDesk(&desk{account: w.account.ID})
	if a := w.post("/auth/reset", reset); a.Status != http.StatusNoContent {
		t.Fatalf("got %d %s", a.Status, a.Raw)
	}
	if !w.revoked.Has(session) {
		t.Error("the session goes on")
	}
	if got := w.journal.Last(); got != "account.reset success " {
		t.Errorf("journalled %q", got)
	}
}

func TestPeopleRefusals(t *testing.T) {
	fields := &problem.Malformed{Fields: []problem.Field{{Location: "body.password", Message: "expected another one"}}}
	cases := []struct {
		name, path string
		body       map[string]string
		err        error
		status     int
		reason     string
	}{
		{"faulty fields", "/auth/signup", signUp, fields, 400, "body_malformed"},
		{"faulty new password", "/auth/reset", reset, fields, 400, "body_malformed"},
		{"unknown field", "/auth/signup", map[string]string{"colour": "red"}, nil, 400, "body_malformed"},
		{"wrong code", "/auth/reset", reset, identity.ErrCode, 401, "code_invalid"},
		{"no address", "/auth/forgot", map[string]string{"email": "x"}, identity.ErrEmail, 400, "body_malformed"},
		{"second app", "/api/me/totp", nil, totp.ErrEnrolled, 403, "totp_enrolled"},
		{"fault", "/auth/forgot", map[string]string{"email": "a@b.test"}, errors.New("disk full of secrets"), 503, "identity_unavailable"},
	}
	w := newWorld(t)
	w.login()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.withDesk(&desk{account: w.account.ID, err: c.err})
			a := w.post(c.path, c.body)
			if a.Status != c.status || a.reason() != c.reason {
				t.Errorf("got %d %s, want %d %s", a.Status, a.Raw, c.status, c.reason)
			}
			if strings.Contains(a.Raw, "secrets") {
				t.Errorf("the fault is told: %s", a.Raw)
			}
		})
	}
}

func TestPeopleFailClosed(t *testing.T) {
	w := newWorld(t)
	if a := w.post("/auth/signup", signUp); a.Status != http.StatusNotFound {
		t.Errorf("without a registrar: got %d, want 404", a.Status)
	}
	w.withDesk(&desk{account: w.account.ID})
	for _, path := range []string{"/api/me/totp", "/api/me/totp/confirm"} {
		if a := w.post(path, map[string]string{"code": "123123"}); a.Status != http.StatusUnauthorized {
			t.Errorf("%s without a session: got %d, want 401", path, a.Status)
		}
	}
	w.journal.err = errors.New("disk full")
	if a := w.post("/auth/reset", reset); a.Status != http.StatusServiceUnavailable {
		t.Errorf("without a journal: got %d, want 503", a.Status)
	}
}

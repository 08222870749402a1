package admin_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
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
	removed int
	changed int // what the desk was asked for and that was on record before
}

func (d *desk) SignUp(_ context.Context, s pip.SignUpForm, _ pip.Origin) (string, error) {
	d.said = s
	return "f-1", d.err
}

func (d *desk) VerifySignUp(ctx context.Context, _ pip.SignUpAnswer, _ pip.Origin, record func(context.Context, pip.Profile) error) (pip.Profile, error) {
	p := pip.Profile{ID: d.account, Role: "nurse"}
	if err := errors.Join(d.err, record(ctx, p)); err != nil {
		return pip.Profile{}, err
	}
	d.changed++
	return p, nil
}

func (d *desk) Forgot(context.Context, string, pip.Origin) (pip.Challenge, error) {
	return pip.Challenge{ID: "c-1", Methods: []string{"email"}}, d.err
}

func (d *desk) Reset(ctx context.Context, _ pip.ResetAnswer, _ pip.Origin, record, end func(context.Context, string) error) (string, error) {
	if err := errors.Join(d.err, record(ctx, d.account)); err != nil {
		return "", err
	}
	d.changed++
	return d.account, end(ctx, d.account)
}

func (d *desk) Offer(context.Context, string) (secret, uri string, err error) {
	return "SECRET", "otpauth://totp/x", d.err
}

func (d *desk) OfferAnew(ctx context.Context, account string) (secret, uri string, err error) {
	return d.Offer(ctx, account)
}

func (d *desk) Confirm(ctx context.Context, _, _ string, record func(context.Context) error) ([]string, error) {
	if err := errors.Join(d.err, record(ctx)); err != nil {
		return nil, err
	}
	d.changed++
	return []string{"AAAAA-BBBBB"}, nil
}

func (d *desk) Left(context.Context, string) (bool, int, error) { return true, 9, d.err }

func (d *desk) Remove(context.Context, string) error { d.removed++; return d.err }

// withDesk serves the same world with a desk.
func (w *world) withDesk(d *desk) {
	w.t.Helper()
	w.server = handler.New(w.withPeople(d), nil, nil, w.key, slog.New(slog.NewTextHandler(w.log, nil)))
}

// withPeople is the administrator of the same world with a desk.
func (w *world) withPeople(d *desk) *admin.Admin {
	w.t.Helper()
	a, err := admin.New(admin.Parts{
		Tables: tables,
		Keys:   w.keys, Store: w.store, Authenticator: w.auth, Decider: w.policy, Journal: w.journal,
		Footprints: devices{}, Revocations: w.revoked, Sealer: w.sealer, Users: w.people, Notices: w.told,
		Registrar: d, Apps: d, Passkeys: w.passkeys, Badges: w.badges, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}, admin.Config{Issuer: "https://wardgate.test", Audience: "wardgate", Now: w.clock.Now, Limits: func() admin.Limits { return w.limits }})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
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
		{"verify a flow", http.MethodPost, "/auth/signup/verify", `{"flow":"f-1","code":"123123"}`, 204, "account.verify success "},
		{"verify nothing", http.MethodPost, "/auth/signup/verify", `{"code":"123123"}`, 400, ""},
		{"verify", http.MethodPost, "/auth/signup/verify", `{"email":"nia@hospital.test","code":"123123"}`, 204, "account.verify success "},
		{"offer", http.MethodPost, "/api/me/totp", ``, 200, "factor.add success "},
		{"confirm", http.MethodPost, "/api/me/totp/confirm", `{"code":"123123"}`, 200, "factor.confirm success "},
		{"look", http.MethodGet, "/api/me/totp", ``, 200, ""},
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
	if a := w.post("/auth/signup", signUp); a.Status != 202 || a.text("flow") != "f-1" || d.said.Username != "nia" || d.said.Number != "" {
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
	if !slices.ContainsFunc(w.journal.events, func(e pip.Event) bool { return e.Action == "account.reset" && e.Outcome == "success" }) {
		t.Error("it is not journalled")
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
}

// What cannot be journalled changes no password and no factor, and is told to no owner.
func TestNothingAboutFactorsChangesWithoutTheJournal(t *testing.T) {
	w := newWorld(t)
	w.login()
	d := &desk{account: w.account.ID}
	w.withDesk(d)
	w.told.Take()
	for _, c := range []struct{ name, method, path, body string }{
		{"a password", http.MethodPost, "/auth/reset", `{"challenge":"c-1","code":"123123","password":"a lamp on the third stair"}`},
		{"an account", http.MethodPost, "/auth/signup/verify", `{"email":"nia@hospital.test","code":"123123"}`},
		{"an app", http.MethodPost, "/api/me/totp/confirm", `{"code":"123123"}`},
		{"no app any more", http.MethodDelete, "/api/me/totp", ``},
	} {
		w.journal.err = errors.New("disk full")
		if a := w.send(c.method, c.path, c.body); a.Status != http.StatusServiceUnavailable || d.changed+d.removed != 0 {
			t.Errorf("%s: got %d %s, changed %d, removed %d", c.name, a.Status, a.Raw, d.changed, d.removed)
		}
		if got := w.told.Take(); got != "" {
			t.Errorf("%s: told %q", c.name, got)
		}
		w.journal.err = nil
		if a := w.send(c.method, c.path, c.body); a.Status >= 300 || d.changed+d.removed != 1 {
			t.Errorf("%s, with a journal: got %d %s, changed %d, removed %d", c.name, a.Status, a.Raw, d.changed, d.removed)
		}
		d.changed, d.removed = 0, 0
		w.told.Take()
	}
}

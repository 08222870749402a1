package admin_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/identity/totp"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

// A stage is two processes over one database, with everything behind them, on
// which several people act.
type stage struct {
	t       *testing.T
	clock   *clock
	post    *post
	admins  []*admin.Admin
	servers []http.Handler
	keys    *assertion.Key
	people  *identity.Accounts
	account pip.Profile
}

// cheap is a Hasher whose work costs nothing. Its hashes look like bcrypt's.
type cheap struct{}

func (cheap) Hash(secret []byte, _ int) ([]byte, error) {
	sum := sha256.Sum256(secret)
	return fmt.Appendf(nil, "$2a$12$%.53s", hex.EncodeToString(sum[:])), nil
}

func (c cheap) Same(hash, secret []byte) bool {
	made, err := c.Hash(secret, 12)
	return err == nil && bytes.Equal(hash, made)
}

// A letter is a mail with the name of the actor who caused it.
type letter struct{ cause, to, text string }

// post keeps all mail, and knows whose request is under way.
type post struct {
	actor   string
	letters []letter
}

func (p *post) Send(_ context.Context, m identity.Message) error {
	if !m.Void {
		p.letters = append(p.letters, letter{p.actor, m.To, m.Subject + "\n" + m.Text})
	}
	return nil
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// code is that of the newest mail which the actor caused to the address.
func (p *post) code(actor, to string) string {
	for _, l := range slices.Backward(p.letters) {
		if l.cause == actor && l.to == to {
			return sixDigits.FindString(l.text)
		}
	}
	return ""
}

func hospital() *pdp.Tables {
	t := tables()
	t.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	return t
}

// newStage has one active account, unless known is false: then it belongs to
// another address and another name.
func newStage(t *testing.T, known bool) *stage {
	t.Helper()
	s := &stage{t: t, post: &post{}, clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	dir, identities, sessions := t.TempDir(), sqldbtest.New(t), sqldbtest.New(t)
	var err error
	if s.keys, err = assertion.NewKey(bytes.Repeat([]byte{7}, 32)); err != nil {
		t.Fatal(err)
	}
	sealer := newSealer(t)
	for range 2 {
		s.process(dir, identities, sessions, sealer)
	}
	hash, _ := cheap{}.Hash([]byte(passphrase), 12)
	name, address := "doctor", email
	if !known {
		name, address = "elsewhere", "elsewhere@hospital.test"
	}
	s.account, err = s.people.Add(t.Context(), identity.NewAccount{
		Username: name, Email: address, PasswordHash: string(hash), Role: "doctor", Standing: pip.AccountActive, Staff: "s-1", Department: "d-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) process(dir string, identities, sessions sqldbtest.Database, sealer tink.AEAD) {
	s.t.Helper()
	must := func(err error) {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	store, err := identitystore.New(s.t.Context(), identities())
	must(err)
	v, err := vault.Open(filepath.Join(dir, "vault"))
	must(err)
	keys, err := admin.OpenKeys(filepath.Join(dir, "keys"), 0, s.clock.Now)
	must(err)
	s.people = identity.NewAccounts(store, v, roles, s.clock.Now)
	apps := totp.New(s.people, v, store, "Wardgate", s.clock.Now)
	auth := identity.NewAuthenticator(s.people, store, identity.NewEmailCode(s.post, v), identity.Config{
		Now: s.clock.Now, Hasher: cheap{}, Carried: []identity.Factor{apps},
	})
	kept, err := sqlstore.New(s.t.Context(), sessions())
	must(err)
	log := slog.New(slog.DiscardHandler)
	a, err := admin.New(admin.Parts{
		Tables: hospital, Keys: keys, Store: kept, Authenticator: auth, Journal: &journal{},
		Decider:    &policy{answer: pdp.Decision{Allow: true, Revision: "r1"}, goesOn: pdp.Decision{Allow: true, Revision: "r1"}},
		Footprints: devices{}, Revocations: &revoked{until: map[string]time.Time{}}, Sealer: sealer, Users: s.people, Staff: staff{},
		Registrar: identity.NewRegistrar(auth, s.post, nil), Apps: apps, Notices: identity.NewNotices(store, v, s.post, s.clock.Now), Log: log,
	}, admin.Config{Issuer: "https://wardgate.test", Audience: "wardgate", Now: s.clock.Now})
	must(err)
	s.admins, s.servers = append(s.admins, a), append(s.servers, handler.New(a, nil, nil, s.keys, log))
}

// An actor asks from one address, with a device and a session if it has any.
type actor struct {
	*stage
	name    string
	process int
	address string
	device  string
	subject string // and session: as the enforcement point reads them from a token
	session string
}

// do asks once. Without a path it is the endpoint's own.
func (a *actor) do(endpoint, path string, fields map[string]string) answer {
	a.t.Helper()
	method, template, _ := strings.Cut(endpoint, " ")
	if path == "" {
		path = template
	}
	var body []byte
	if fields != nil {
		body, _ = json.Marshal(fields)
	}
	c := assertion.Claims{
		Address: a.address, UserAgent: laptop, Action: "any", Decision: "d-1", Method: method, Path: path, BodyDigest: assertion.Digest(body),
		Session: a.session,
	}
	c.Subject = a.subject
	if a.subject != "" {
		c.Rows = &assertion.Condition{Type: "field", Operator: "eq", Field: "session.account", Value: a.subject}
	}
	signed, err := a.keys.Sign(c, handler.Audience, time.Now())
	if err != nil {
		a.t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set(assertion.Header, signed)
	if a.device != "" {
		r.Header.Set(handler.DeviceHeader, a.device)
	}
	rec := httptest.NewRecorder()
	a.post.actor = a.name
	a.servers[a.process].ServeHTTP(rec, r)
	got := answer{Status: rec.Code, Header: rec.Result().Header, Raw: rec.Body.String()}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &got.Body); err != nil {
			a.t.Fatalf("%s: %v in %q", endpoint, err, got.Raw)
		}
	}
	return got
}

// volatile are the members whose values are drawn anew in every run.
var volatile = []string{"challenge", "flow", "access_token", "refresh_token", "device", "id", "secret", "otpauth_uri", "recovery_codes"}

// line is an answer in one line, without what is drawn at random.
func line(endpoint string, a answer) string {
	body, _ := json.Marshal(masked(a.Body))
	return fmt.Sprintf("%s: %d, wait %q, %s %s", endpoint, a.Status, a.Header.Get("Retry-After"), a.Header.Get("Content-Type"), body)
}

func masked(value any) any {
	switch v := value.(type) {
	case map[string]any:
		shown := map[string]any{}
		for name := range v {
			if shown[name] = "…"; !slices.Contains(volatile, name) {
				shown[name] = masked(v[name])
			}
		}
		return shown
	case []any:
		shown := make([]any, len(v))
		for i := range v {
			shown[i] = masked(v[i])
		}
		return shown
	}
	return value
}

// mails are those that an actor caused to addresses with the suffix, without codes.
func (p *post) mails(actor, suffix string) (texts []string) {
	for _, l := range p.letters {
		if l.cause == actor && strings.HasSuffix(l.to, suffix) {
			texts = append(texts, l.to+": "+sixDigits.ReplaceAllString(l.text, "######"))
		}
	}
	return texts
}

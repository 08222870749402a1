package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/badge"
	"github.com/wardgate/wardgate/pip/identity/passkey"
	"github.com/wardgate/wardgate/pip/identity/password"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

// ID management fits the interface without either package importing the other.
var _ admin.Authenticator = (*identity.Authenticator)(nil)

const (
	email      = "doctor@hospital.test"
	passphrase = "correct horse battery"
	laptop     = "Firefox on Linux"
	phone      = "Chrome on Android"
)

// hash is made once: it takes a good part of a second.
var hash = sync.OnceValue(func() string {
	h, err := password.Hash(passphrase)
	if err != nil {
		panic(err)
	}
	return h
})

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type mailbox struct {
	mu   sync.Mutex
	last string
}

func (m *mailbox) Send(_ context.Context, mail identity.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = regexp.MustCompile(`[0-9]{6}`).FindString(mail.Text)
	return nil
}

func (m *mailbox) Code() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

// policy answers what it is told, and remembers what it was asked.
type policy struct {
	mu     sync.Mutex
	answer pdp.Decision
	goesOn pdp.Decision // what session.continue is answered
	err    error
	asked  []pdp.Request
	barred bool // strangers may not even try
	silent error
}

// begins answers whether somebody may try to log in.
func (p *policy) begins(r pdp.Request) (pdp.Decision, error) {
	if p.barred && r.Context.LogIn.Familiar != pdp.FamiliarDevice {
		return pdp.Decision{Reasons: []string{"address_barred"}, Revision: "r1"}, p.silent
	}
	return pdp.Decision{Allow: p.silent == nil, Revision: "r1"}, p.silent
}

func (p *policy) Decide(_ context.Context, r pdp.Request) (pdp.Decision, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Action.Name == "log_in.begin" {
		return p.begins(r)
	}
	p.asked = append(p.asked, r)
	switch r.Action.Name {
	case "log_in.fail":
		return p.failed(r.Context.LogIn), nil
	case "session.continue":
		return p.goesOn, p.err
	}
	return p.answer, p.err
}

// failed bars as the rule book does.
func (*policy) failed(l pdp.LogIn) pdp.Decision {
	d := pdp.Decision{Allow: true, Revision: "r1"}
	if l.Failures >= 3 {
		seconds := map[string]string{pdp.FactorPassword: "900", pdp.FactorCode: "120"}[l.Factor]
		d.Obligations = []pdp.Obligation{{ID: "bar_log_in", Type: "ban", Properties: []byte(`{"seconds":` + seconds + `}`)}}
	}
	return d
}

type journal struct {
	mu     sync.Mutex
	events []pip.Event
	err    error
}

func (j *journal) Append(_ context.Context, e pip.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.events = append(j.events, e)
	}
	return j.err
}

// Last returns the newest event in short.
func (j *journal) Last() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.events) == 0 {
		return ""
	}
	e := j.events[len(j.events)-1]
	return strings.Join(append([]string{e.Action, e.Outcome, e.Detail}, e.Reasons...), " ")
}

type revoked struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (r *revoked) Revoke(_ context.Context, session string, until time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until[session] = until
	return nil
}

func (r *revoked) Ban(ctx context.Context, subject string, until time.Time) error {
	return r.Revoke(ctx, subject, until)
}

func (r *revoked) Unban(_ context.Context, subject string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.until, subject)
	return nil
}

func (r *revoked) Has(session string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, found := r.until[session]
	return found
}

// told remembers what owners were told.
type told struct {
	mu    sync.Mutex
	notes []string
	kept  []pip.Notice
	whose []string // of kept
	err   error
}

func (n *told) Tell(_ context.Context, p pip.Profile, note pip.Notice) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.notes = append(n.notes, strings.Join(append([]string{p.Email, string(note.Kind)}, note.By...), " "))
	return n.err
}

func (n *told) Keep(_ context.Context, account string, note pip.Notice) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kept = append([]pip.Notice{note}, n.kept...)
	n.whose = append([]string{account}, n.whose...)
	return n.err
}

func (n *told) List(_ context.Context, account string) (notes []pip.Notice, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, note := range n.kept {
		if n.whose[i] == account {
			notes = append(notes, note)
		}
	}
	return notes, n.err
}

// Take returns what was told since the last time.
func (n *told) Take() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer func() { n.notes = nil }()
	return strings.Join(n.notes, ", ")
}

// devices reads "Browser on OS".
type devices struct{}

func (devices) Observe(userAgent string, _ netip.Addr) pip.Footprint {
	browser, os, _ := strings.Cut(userAgent, " on ")
	return pip.Footprint{OS: os, Browser: browser, Network: "hospital"}
}

func (devices) Seal(tokenID string, f pip.Footprint) (string, error) {
	if tokenID == "" {
		return "", errors.New("no token id")
	}
	raw, err := json.Marshal(f)
	return "sealed/" + tokenID + "\n" + string(raw), err
}

func (devices) Open(tokenID, sealed string) (pip.Footprint, error) {
	var f pip.Footprint
	raw, found := strings.CutPrefix(sealed, "sealed/"+tokenID+"\n")
	if !found {
		return f, errors.New("of another token")
	}
	return f, json.Unmarshal([]byte(raw), &f)
}

// staff is a register of one doctor.
type staff struct{}

func (staff) Member(_ context.Context, id string) (role, department string, found bool, err error) {
	if id != "s-9" {
		return "", "", false, nil
	}
	return "doctor", "d-9", true, nil
}

type world struct {
	t        testing.TB
	dir      string // of its keys
	db       sqldbtest.Database
	hasher   password.Hasher
	limits   admin.Limits // the defaults unless a test says otherwise
	clock    *clock
	mail     *mailbox
	policy   *policy
	journal  *journal
	revoked  *revoked
	keys     *admin.Keys
	store    *sqlstore.Store
	identity *identitystore.Store
	admin    *admin.Admin
	server   http.Handler
	key      *assertion.Key
	account  pip.Profile
	log      *bytes.Buffer
	auth     *identity.Authenticator
	people   *identity.Accounts
	passkeys *passkey.Passkeys
	told     *told
	sealer   tink.AEAD
	badges   *badge.Badges

	// What the assertion of the next request says.
	claims assertion.Claims
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, sqldbtest.New(t))
}

func newWorldOn(t testing.TB, db sqldbtest.Database) *world {
	t.Helper()
	return newWorldBy(t, db, password.Bcrypt{}, hash())
}

// newWorldBy has the doctor's password compared by a hasher, whose hash is given.
func newWorldBy(t testing.TB, db sqldbtest.Database, by password.Hasher, hash string) *world {
	t.Helper()
	w := &world{
		t: t, dir: t.TempDir(), db: db, hasher: by, mail: &mailbox{}, policy: &policy{
			answer: pdp.Decision{Allow: true, Revision: "r1"}, goesOn: pdp.Decision{Allow: true, Revision: "r1"},
		},
		told: &told{}, journal: &journal{}, revoked: &revoked{until: map[string]time.Time{}}, log: &bytes.Buffer{},
		clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)},
	}
	var err error
	if w.key, err = assertion.NewKey(bytes.Repeat([]byte{7}, 32)); err != nil {
		t.Fatal(err)
	}
	if w.keys, err = admin.OpenKeys(filepath.Join(w.dir, "keys"), 0, w.clock.Now); err != nil {
		t.Fatal(err)
	}
	w.auth = w.register(hash)
	w.sealer = newSealer(t)
	w.store, w.admin = w.process()
	w.server = handler.New(w.admin, nil, nil, w.key, slog.New(slog.NewTextHandler(w.log, nil)))
	w.claims = assertion.Claims{Address: "127.0.0.1", UserAgent: laptop, Action: "log_in.attempt", Decision: "d-1"}
	return w
}

func newSealer(t testing.TB) tink.AEAD {
	t.Helper()
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := aead.New(h)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

// register opens ID management with one account.
func (w *world) register(hash string) *identity.Authenticator {
	w.t.Helper()
	store, err := identitystore.New(w.t.Context(), w.db())
	if err != nil {
		w.t.Fatal(err)
	}
	vault, err := vault.Open(filepath.Join(w.dir, "vault"))
	if err != nil {
		w.t.Fatal(err)
	}
	accounts := identity.NewAccounts(store, vault, roles, w.clock.Now)
	w.account, err = accounts.Add(w.t.Context(), identity.NewAccount{
		Username: "doctor", Email: email, PasswordHash: hash, Role: "doctor",
		Standing: pip.AccountActive, Staff: "s-1", Department: "d-1",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.identity, w.people, w.badges = store, accounts, badge.New(store, vault, w.clock.Now)
	if w.passkeys, err = passkey.New(accounts, vault, store, passkey.Config{Origin: "https://" + pagesHome, Now: w.clock.Now}); err != nil {
		w.t.Fatal(err)
	}
	return identity.NewAuthenticator(accounts, store, identity.NewEmailCode(w.mail, vault), identity.Config{
		Now: w.clock.Now, Hasher: w.hasher, Passkeys: w.passkeys,
	})
}

// process opens another administrator on the same files.
func (w *world) process() (*sqlstore.Store, *admin.Admin) {
	w.t.Helper()
	store, err := sqlstore.New(w.t.Context(), w.db())
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := admin.New(admin.Parts{
		Tables: tables,
		Keys:   w.keys, Store: store, Authenticator: w.auth, Decider: w.policy, Journal: w.journal,
		Footprints: devices{}, Revocations: w.revoked, Sealer: w.sealer, Users: w.people, Notices: w.told, Staff: staff{}, Badges: w.badges, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}, admin.Config{Issuer: "https://wardgate.test", Audience: "wardgate", Now: w.clock.Now, Limits: func() admin.Limits { return w.limits }})
	if err != nil {
		w.t.Fatal(err)
	}
	return store, a
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   map[string]any
	Raw    string
}

func (a answer) text(name string) string {
	s, _ := a.Body[name].(string)
	return s
}

func (a answer) reason() string {
	reasons, _ := a.Body["reasons"].([]any)
	if len(reasons) == 0 {
		return ""
	}
	s, _ := reasons[0].(string)
	return s
}

func (w *world) send(method, path, body string) answer {
	w.t.Helper()
	c := w.claims
	c.Method, c.Path, c.BodyDigest = method, path, assertion.Digest([]byte(body))
	signed, err := w.key.Sign(c, handler.Audience, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set(assertion.Header, signed)
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	raw, err := io.ReadAll(rec.Result().Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{Status: rec.Code, Header: rec.Result().Header, Raw: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.Body); err != nil {
			w.t.Fatalf("%s %s: %v in %q", method, path, err, raw)
		}
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		w.t.Errorf("%s %s may be cached", method, path)
	}
	return a
}

func (w *world) post(path string, fields map[string]string) answer {
	w.t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.send(http.MethodPost, path, string(body))
}

// login goes through both factors, and speaks for the session from then on.
func (w *world) login() answer {
	w.t.Helper()
	first := w.post("/auth/login", map[string]string{"email": email, "password": passphrase})
	if first.Status != http.StatusOK {
		w.t.Fatalf("log-in: got %d %s", first.Status, first.Raw)
	}
	second := w.post("/auth/login/verify", map[string]string{"challenge": first.text("challenge"), "code": w.mail.Code()})
	if second.Status != http.StatusOK {
		w.t.Fatalf("verify: got %d %s", second.Status, second.Raw)
	}
	c := w.parse(second.text("access_token"))
	w.claims.Subject, w.claims.Session, w.claims.Role = text(c, "sub"), text(c, "sid"), text(c, "role")
	w.claims.Rows = &assertion.Condition{Type: "field", Operator: "eq", Field: "session.account", Value: text(c, "sub")}
	return second
}

func (w *world) refresh(token string) answer {
	w.t.Helper()
	return w.post("/auth/refresh", map[string]string{"refresh_token": token})
}

// parse verifies an access token like an enforcement point.
func (w *world) parse(token string) jwt.MapClaims {
	w.t.Helper()
	c, err := w.verify(token)
	if err != nil {
		w.t.Fatalf("access token: %v", err)
	}
	return c
}

func (w *world) verify(token string) (jwt.MapClaims, error) {
	var c jwt.MapClaims
	_, err := jwt.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if t.Header["typ"] != "at+jwt" {
			return nil, errors.New("not an access token")
		}
		kid, _ := t.Header["kid"].(string)
		public, found := w.keys.Public()[kid]
		if !found {
			return nil, errors.New("unknown key")
		}
		return public, nil
	}, jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer("https://wardgate.test"), jwt.WithAudience("wardgate"),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(w.clock.Now))
	return c, err
}

func text(c jwt.MapClaims, name string) string {
	s, _ := c[name].(string)
	return s
}

// pending adds an account that waits for approval, and returns its id.
func (w *world) pending(username, role string) string {
	w.t.Helper()
	p, err := w.people.Add(w.t.Context(), identity.NewAccount{
		Username: username, Email: username + "@hospital.test", PasswordHash: hash(), Role: role, Standing: pip.AccountPending,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p.ID
}

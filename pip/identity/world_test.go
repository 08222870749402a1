package identity_test

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/password"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

const (
	email      = "doctor@hospital.test"
	passphrase = "correct horse battery"
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

// A mailbox keeps what was sent, and fails on demand.
type mailbox struct {
	mu    sync.Mutex
	mails []identity.Message
	fail  bool
}

func (m *mailbox) Send(_ context.Context, mail identity.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail {
		return errors.New("no route to mail server")
	}
	m.mails = append(m.mails, mail)
	return nil
}

func (m *mailbox) Count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.mails)
}

// Code returns the code of the newest mail.
func (m *mailbox) Code(t *testing.T) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.mails) == 0 {
		t.Fatal("no mail was sent")
	}
	codes := regexp.MustCompile(`[0-9]{6}`).FindAllString(m.mails[len(m.mails)-1].Text, -1)
	if len(codes) != 1 {
		t.Fatalf("the mail holds %d codes, want 1", len(codes))
	}
	return codes[0]
}

type world struct {
	vault *vault.Vault
	t     *testing.T
	dir   string // of its keys
	db    sqldbtest.Database
	clock *clock
	mail  *mailbox
	store *sqlstore.Store
	auth  *identity.Authenticator
	reg   *identity.Accounts
}

// newWorld has one active account, with email and password.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, dir: t.TempDir(), mail: &mailbox{},
		clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)},
	}
	w.db = sqldbtest.At(t, filepath.Join(w.dir, "identity.db"))
	w.store, w.reg, w.auth = w.process()
	w.add(email, "doctor", pip.AccountActive)
	return w
}

// process opens another store and authenticator on the same files.
func (w *world) process() (*sqlstore.Store, *identity.Accounts, *identity.Authenticator) {
	w.t.Helper()
	store, err := sqlstore.New(w.t.Context(), w.db())
	if err != nil {
		w.t.Fatal(err)
	}
	vault, err := vault.Open(filepath.Join(w.dir, "keys"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.vault = vault
	reg := identity.NewAccounts(store, vault, roles, w.clock.Now)
	auth := identity.NewAuthenticator(reg, store, identity.NewEmailCode(w.mail, vault), identity.Config{Now: w.clock.Now})
	return store, reg, auth
}

// staffOf is the staff record of a username; a record has one account.
var staffOf = map[string]string{"doctor": "s-1"}

func (w *world) add(email, username string, standing pip.Account) pip.Profile {
	w.t.Helper()
	p, err := w.reg.Add(w.t.Context(), identity.NewAccount{
		Username: username, Email: email, PasswordHash: hash(), Role: "doctor", Standing: standing, Staff: staffOf[username], Department: "d-1",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) login() pip.Challenge {
	w.t.Helper()
	c, err := w.auth.Password(w.t.Context(), email, passphrase, pip.Origin{})
	if err != nil {
		w.t.Fatalf("right password: %v", err)
	}
	return c
}

// wrong returns a well-formed code that is not the right one.
func wrong(code string) string {
	if code == "100000" {
		return "100001"
	}
	return "100000"
}

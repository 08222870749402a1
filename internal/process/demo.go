package process

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/password"
	"github.com/wardgate/wardgate/records/demo"
)

const (
	demoSeed     = 1
	demoDomain   = "demo.hospital.test"
	demoPassword = "Wardgate-demo-2026"
	shownMails   = 50
)

// demoAccounts are the people that can log in to the invented hospital.
func demoAccounts(h *demo.Dataset) []identity.NewAccount {
	accounts := []identity.NewAccount{
		{Username: "doctor", Role: "doctor", Staff: h.Doctor.ID, Department: h.Doctor.Department},
		{Username: "doctor2", Role: "doctor", Staff: h.Doctor2.ID, Department: h.Doctor2.Department},
		{Username: "nurse", Role: "nurse", Staff: h.Nurse.ID, Department: h.Nurse.Department},
		{Username: "patient", Role: "patient", Patient: h.Patient.ID},
		{Username: "security", Role: "security"},
	}
	for i := range accounts {
		accounts[i].Email = accounts[i].Username + "@" + demoDomain
		accounts[i].Standing = pip.AccountActive
	}
	return accounts
}

// filled marks a data folder whose demo hospital is complete.
const filled = "demo-filled"

// fillDemo invents the hospital once. A folder in which that was interrupted
// is refused, because nobody can tell what it lacks.
func (a *Process) fillDemo(ctx context.Context) error {
	if _, err := os.Stat(a.data.path(filled)); err == nil {
		return nil
	}
	if !a.data.fresh {
		return fmt.Errorf("the demo hospital in %s was not filled to its end; delete that folder and start again", a.config.Data)
	}
	h := demo.Hospital(demoSeed)
	var group errgroup.Group
	if a.stores.records != nil {
		group.Go(func() error { return a.stores.records.Fill(ctx, h.Dataset) })
	}
	if a.stores.accounts != nil {
		group.Go(func() error { return a.addDemoAccounts(ctx, &h) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("fill the demo hospital: %w", err)
	}
	return os.WriteFile(a.data.path(filled), nil, 0o600)
}

// addDemoAccounts leaves those alone that another decision point on the same
// database has added.
func (a *Process) addDemoAccounts(ctx context.Context, h *demo.Dataset) error {
	hash, err := password.Hash(demoPassword)
	if err != nil {
		return err
	}
	for _, account := range demoAccounts(h) {
		account.PasswordHash = hash
		_, err := a.stores.accounts.Add(ctx, account)
		if err != nil && !errors.Is(err, identity.ErrTaken) {
			return fmt.Errorf("account %s: %w", account.Username, err)
		}
	}
	return nil
}

// hosts tells which Host headers are served. The demo answers to loopback
// names only, so that no page elsewhere can reach it under a name of its own.
func (a *Process) hosts() func(string) bool {
	if a.config.Demo {
		return loopbackHost
	}
	if len(a.config.PEP.Hosts) == 0 {
		return nil
	}
	return func(host string) bool {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			name = host
		}
		return slices.ContainsFunc(a.config.PEP.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
	}
}

func loopbackHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && address.IsLoopback()
}

var outboxPage = template.Must(template.New("outbox").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Demo outbox</title></head>
<body><h1>Demo outbox</h1>
<p>Mail of the invented hospital, newest first. It never leaves this machine.</p>
{{range .}}<article><h2>{{.To}}: {{.Subject}}</h2><pre>{{.Text}}</pre></article>
{{else}}<p>No mail yet.</p>
{{end}}</body></html>
`))

type outboxMail struct{ To, Subject, Text string }

// demoOutbox shows the mails of the invented hospital.
func (a *Process) demoOutbox(key *assertion.Key) http.Handler {
	guard := assertion.Guard{Key: key, Audience: "demo", Log: a.log}
	return guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mails, err := a.outboxMails()
		if err != nil {
			a.log.Error("outbox not readable", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if err := outboxPage.Execute(w, mails); err != nil {
			a.log.Warn("outbox not shown", "error", err)
		}
	}))
}

func (a *Process) outboxMails() ([]outboxMail, error) {
	files, err := filepath.Glob(a.data.path("outbox", "*.eml"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	slices.Reverse(files)
	var mails []outboxMail
	for _, file := range files[:min(len(files), shownMails)] {
		m, err := readMail(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	return mails, nil
}

func readMail(file string) (outboxMail, error) {
	f, err := os.Open(file)
	if err != nil {
		return outboxMail{}, err
	}
	defer f.Close()
	m, err := mail.ReadMessage(f)
	if err != nil {
		return outboxMail{}, err
	}
	text, err := io.ReadAll(io.LimitReader(m.Body, 1<<20))
	return outboxMail{To: m.Header.Get("To"), Subject: m.Header.Get("Subject"), Text: string(text)}, err
}

// Package demo is the invented hospital of `wardgate up --demo`: its people, its
// data, and the page that shows their mail.
package demo

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
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
	"github.com/wardgate/wardgate/internal/datafolder"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/password"
	demodata "github.com/wardgate/wardgate/records/demo"
	"github.com/wardgate/wardgate/records/store"
)

const (
	// Domain is that of everybody's e-mail address.
	Domain = "demo.hospital.test"
	// Password is everybody's.
	Password = "Wardgate-demo-2026"

	seed       = 1
	shownMails = 50
)

// newAccounts are the people that can log in to the invented hospital.
func newAccounts(h *demodata.Dataset) []identity.NewAccount {
	accounts := []identity.NewAccount{
		{Username: "doctor", Role: "doctor", Staff: h.Doctor.ID, Department: h.Doctor.Department},
		{Username: "doctor2", Role: "doctor", Staff: h.Doctor2.ID, Department: h.Doctor2.Department},
		{Username: "nurse", Role: "nurse", Staff: h.Nurse.ID, Department: h.Nurse.Department},
		{Username: "patient", Role: "patient", Patient: h.Patient.ID},
		{Username: "security", Role: "security"},
	}
	for i := range accounts {
		accounts[i].Email = accounts[i].Username + "@" + Domain
		accounts[i].Standing = pip.AccountActive
	}
	return accounts
}

// filled marks a data folder whose demo hospital is complete.
const filled = "demo-filled"

// Fill invents the hospital once, as far as its stores are in this process; nil
// is in another. What was interrupted goes on: records are filled in whole or not
// at all, and an account that is there is left alone.
func Fill(ctx context.Context, folder *datafolder.Folder, records *store.Store, accounts *identity.Accounts) error {
	marker := folder.Path(filled)
	if _, err := os.Stat(marker); err == nil {
		return nil
	}
	h := demodata.Hospital(seed)
	var group errgroup.Group
	if records != nil {
		group.Go(func() error { return fillRecords(ctx, records, h.Dataset) })
	}
	if accounts != nil {
		group.Go(func() error { return addAccounts(ctx, accounts, &h) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("fill the demo hospital: %w", err)
	}
	return durable.WriteFile(marker, nil, 0o600)
}

func fillRecords(ctx context.Context, records *store.Store, d store.Dataset) error {
	empty, err := records.Empty(ctx)
	if err != nil || !empty {
		return err
	}
	return records.Fill(ctx, d)
}

// addAccounts leaves those alone that another decision point on the same
// database has added.
func addAccounts(ctx context.Context, accounts *identity.Accounts, h *demodata.Dataset) error {
	hash, err := password.Hash(Password)
	if err != nil {
		return err
	}
	for _, account := range newAccounts(h) {
		account.PasswordHash = hash
		_, err := accounts.Add(ctx, account)
		if err != nil && !errors.Is(err, identity.ErrTaken) && !errors.Is(err, identity.ErrStaffTaken) {
			return fmt.Errorf("account %s: %w", account.Username, err)
		}
	}
	return nil
}

// IsLoopback reports whether a Host header names this machine itself. The demo
// answers to no other, so that no page elsewhere can reach it under a name of
// its own.
func IsLoopback(host string) bool {
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

// Audience is the name that routes have for the page with mails.
const Audience = "demo"

// Outbox shows the mails in a folder.
func Outbox(dir string, key *assertion.Key, log *slog.Logger) http.Handler {
	guard := assertion.Guard{Key: key, Audience: Audience, Log: log}
	return guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mails, err := readMails(dir)
		if err != nil {
			log.Error("outbox not readable", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if err := outboxPage.Execute(w, mails); err != nil {
			log.Warn("outbox not shown", "error", err)
		}
	}))
}

func readMails(dir string) ([]outboxMail, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
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

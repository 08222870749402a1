package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

const (
	noticeLife = 24 * time.Hour
	// noticesADay is how many notices of one kind go to one account in a day.
	noticesADay = 10
	// noMail is the domain of addresses that receive none (RFC 2606).
	noMail = ".invalid"

	// NoticesKept is how many notices of one kind an owner can read.
	NoticesKept = 20
)

// A KeptNotice is a notice as it is stored.
type KeptNotice struct {
	ID      string
	Account string
	Kind    pip.NoticeKind
	At      time.Time
	Sealed  []byte // the rest of it
}

// A NoticeStore keeps the notices of each account, and counts those that are mailed.
type NoticeStore interface {
	CountMail(ctx context.Context, key string, limit MailLimit, now time.Time) (bool, error)
	// AddNotice keeps one; of its kind the account has the newest, at most most.
	AddNotice(ctx context.Context, n KeptNotice, most int) error
	// Notices returns those of an account from since on, the newest first.
	Notices(ctx context.Context, account string, since time.Time) ([]KeptNotice, error)
	// SweepNotices forgets those from before then.
	SweepNotices(ctx context.Context, before time.Time) error
}

// Notices tell owners what has happened to their accounts: by mail, and for some time
// whenever they look.
type Notices struct {
	store  NoticeStore
	vault  *vault.Vault
	mailer Mailer
	now    func() time.Time
}

// NewNotices returns notices by mailer, kept in store under the keys of the vault. A nil now
// is the wall clock.
func NewNotices(store NoticeStore, vault *vault.Vault, mailer Mailer, now func() time.Time) *Notices {
	if now == nil {
		now = time.Now
	}
	return &Notices{store: store, vault: vault, mailer: mailer, now: now}
}

// keptNotice is what of a notice is sealed: names of people, and what was observed of a client.
type keptNotice struct {
	By      []string `json:"by,omitempty"`
	OS      string   `json:"os,omitempty"`
	Browser string   `json:"browser,omitempty"`
	Country string   `json:"country,omitempty"`
	Left    int      `json:"left,omitempty"`
	Until   int64    `json:"until,omitempty"` // seconds since 1970; 0 for none
}

// Keep keeps a notice for the owner of an account to read: the newest NoticesKept of each
// kind, so that no number of one kind pushes out another, for pip.NoticeMemory.
func (n *Notices) Keep(ctx context.Context, account string, note pip.Notice) error {
	if _, known := noticeTexts[note.Kind]; !known {
		return fmt.Errorf("keep notice: there is no text for %q", note.Kind)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("keep notice: %w", err)
	}
	rest := keptNotice{By: note.By, OS: note.From.OS, Browser: note.From.Browser, Country: note.From.Country, Left: note.Left}
	if !note.Until.IsZero() {
		rest.Until = note.Until.Unix()
	}
	text, err := json.Marshal(rest)
	if err != nil {
		return fmt.Errorf("keep notice: %w", err)
	}
	kept := KeptNotice{ID: id.String(), Account: account, Kind: note.Kind, At: note.At}
	if kept.Sealed, err = n.vault.Seal(noticePlace(kept), text); err != nil {
		return fmt.Errorf("keep notice: %w", err)
	}
	return n.store.AddNotice(ctx, kept, NoticesKept)
}

// noticePlace binds what is sealed to its row, whose notice it is, and what about.
func noticePlace(n KeptNotice) string {
	return "notices/" + n.Account + "/" + string(n.Kind) + "/" + n.ID
}

// List returns the notices of an account that are kept, the newest first.
func (n *Notices) List(ctx context.Context, account string) ([]pip.Notice, error) {
	kept, err := n.store.Notices(ctx, account, n.now().Add(-pip.NoticeMemory))
	if err != nil {
		return nil, err
	}
	notes := make([]pip.Notice, 0, len(kept))
	for _, k := range kept {
		text, err := n.vault.Open(noticePlace(k), k.Sealed)
		if err != nil {
			return nil, fmt.Errorf("read notices: %w", err)
		}
		var rest keptNotice
		if err := json.Unmarshal(text, &rest); err != nil {
			return nil, fmt.Errorf("read notice %s: %w", k.ID, err)
		}
		note := pip.Notice{
			Kind: k.Kind, At: k.At, By: rest.By, Left: rest.Left,
			From: pip.Footprint{OS: rest.OS, Browser: rest.Browser, Country: rest.Country},
		}
		if rest.Until != 0 {
			note.Until = time.Unix(rest.Until, 0).UTC()
		}
		notes = append(notes, note)
	}
	return notes, nil
}

// Sweep forgets notices that are no longer kept. Call it now and then.
func (n *Notices) Sweep(ctx context.Context) error {
	return n.store.SweepNotices(ctx, n.now().Add(-pip.NoticeMemory))
}

// Tell mails a notice to the address of p. Ten of one kind a day go to one
// account; further ones are left out, and are no error.
func (n *Notices) Tell(ctx context.Context, p pip.Profile, note pip.Notice) error {
	says, known := noticeTexts[note.Kind]
	if !known {
		return fmt.Errorf("tell owner: there is no text for %q", note.Kind)
	}
	if p.Email == "" || strings.HasSuffix(p.Email, noMail) {
		return nil
	}
	counted, err := n.store.CountMail(ctx, "notice/"+string(note.Kind)+"/"+p.ID, MailLimit{Most: noticesADay, Span: noticeLife}, n.now())
	if err != nil {
		return fmt.Errorf("tell owner: %w", err)
	}
	if !counted {
		return nil
	}
	m := Message{To: p.Email, Subject: "Your Wardgate account: " + says.subject, Life: noticeLife, Text: noticeText(p, note, says)}
	if err := n.mailer.Send(ctx, m); err != nil {
		return fmt.Errorf("tell owner: %w", err)
	}
	return nil
}

const noticeTime = "2 January 2006, 15:04"

// noticeText is what the owner reads: what, when, who did it, from where.
func noticeText(p pip.Profile, note pip.Notice, says saying) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nAccount: %s\nWhen: %s UTC\n", says.what, p.Username, note.At.UTC().Format(noticeTime))
	if !note.Until.IsZero() {
		fmt.Fprintf(&b, "Until: %s UTC\n", note.Until.UTC().Format(noticeTime))
	}
	if len(note.By) > 0 {
		fmt.Fprintf(&b, "By: %s\n", strings.Join(note.By, " and "))
	}
	if client := clientText(note.From); client != "" {
		fmt.Fprintf(&b, "From: %s\n", client)
	}
	if note.Kind == pip.NoticeRecovery {
		fmt.Fprintf(&b, "Recovery codes left: %d\n", note.Left)
	}
	b.WriteString("\n" + says.advice + "\n")
	return b.String()
}

// clientText is what was observed of a client, in words that hold no link: a
// client says of itself what it likes.
func clientText(f pip.Footprint) string {
	var words []string
	for _, word := range []string{f.Browser, f.OS, f.Country} {
		plain := strings.Map(func(r rune) rune {
			if r == ' ' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return -1
		}, word)
		if plain != "" && len(plain) <= 40 {
			words = append(words, plain)
		}
	}
	return strings.Join(words, ", ")
}

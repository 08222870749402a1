package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

func TestOwnersAreToldInPlainWords(t *testing.T) {
	w := newWorld(t)
	notices := identity.NewNotices(w.store, w.vault, w.mail, w.clock.Now)
	owner := pip.Profile{ID: "a-1", Username: "doctor", Email: email}
	for _, kind := range pip.NoticeKinds() {
		note := pip.Notice{
			Kind: kind, At: w.clock.Now(), By: []string{"kim", "nia"}, Left: 7,
			From: pip.Footprint{OS: "Linux", Browser: "visit https://evil.test/123456 now", Country: "NL"},
		}
		if err := notices.Tell(t.Context(), owner, note); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		m := w.mail.mails[len(w.mail.mails)-1]
		for _, want := range []string{"Account: doctor", "When: 2 March 2026, 09:00 UTC", "By: kim and nia", "Linux, NL"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("%s: %q is not in %q", kind, want, m.Text)
			}
		}
		if m.To != email || strings.Contains(m.Text, "://") || strings.Contains(m.Text, "123456") {
			t.Errorf("%s: got %s: %q", kind, m.To, m.Text)
		}
	}
	if err := notices.Tell(t.Context(), owner, pip.Notice{Kind: pip.NoticeBanned, At: w.clock.Now(), Until: w.clock.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if m := w.mail.mails[len(w.mail.mails)-1]; !strings.Contains(m.Text, "Until: 2 March 2026, 10:00 UTC") || !strings.Contains(m.Text, "ask your hospital's IT") {
		t.Errorf("of a ban: %q", m.Text)
	}
	if err := notices.Tell(t.Context(), owner, pip.Notice{Kind: "unheard_of"}); err == nil {
		t.Error("a notice without a text was sent")
	}
}

// What is kept is read by its owner alone, the newest first; of each kind there are at most
// so many, for so long, and nothing of it can be read in the database, or moved there.
func TestNoticesAreKeptForTheirOwner(t *testing.T) {
	w := newWorld(t)
	notices := identity.NewNotices(w.store, w.vault, w.mail, w.clock.Now)
	keep := func(account string, kind pip.NoticeKind) {
		t.Helper()
		note := pip.Notice{Kind: kind, At: w.clock.Now(), By: []string{"kim"}, From: pip.Footprint{OS: "Linux", Browser: "<b>Firefox"}, Left: 3, Until: w.clock.Now().Add(time.Hour)}
		if err := notices.Keep(t.Context(), account, note); err != nil {
			t.Fatal(err)
		}
	}
	list := func(account string) []pip.Notice {
		t.Helper()
		notes, err := notices.List(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		return notes
	}
	keep("a-2", pip.NoticePass)
	keep("a-1", pip.NoticePassword)
	for range identity.NoticesKept + 15 {
		w.clock.Pass(time.Minute)
		keep("a-1", pip.NoticeDevice)
	}
	got := list("a-1")
	if len(got) != identity.NoticesKept+1 {
		t.Fatalf("%d notices are kept", len(got))
	}
	if n := got[0]; n.Kind != pip.NoticeDevice || !n.At.Equal(w.clock.Now()) || n.By[0] != "kim" || n.From.Browser != "<b>Firefox" || n.Left != 3 || !n.Until.Equal(w.clock.Now().Add(time.Hour)) {
		t.Errorf("the newest is %+v", n)
	}
	if n := got[len(got)-1]; n.Kind != pip.NoticePassword {
		t.Errorf("a flood of one kind has pushed out another: the oldest is %+v", n)
	}
	if got := list("a-2"); len(got) != 1 || got[0].Kind != pip.NoticePass {
		t.Errorf("another account has %+v", got)
	}
	if got := list(""); len(got) != 0 {
		t.Errorf("no account has %+v", got)
	}
	raw := w.db()
	defer func() { _ = raw.Close() }()
	var n int
	if err := raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM identity_notices WHERE sealed LIKE '%\"kim\"%' OR sealed LIKE '%irefox%'").Scan(&n); err != nil || n > 0 {
		t.Errorf("%d rows can be read, %v", n, err)
	}
	if _, err := raw.ExecContext(t.Context(), "UPDATE identity_notices SET account = 'a-3' WHERE account = 'a-2'"); err != nil {
		t.Fatal(err)
	}
	if notes, err := notices.List(t.Context(), "a-3"); err == nil {
		t.Errorf("a notice that was moved to another account is read: %+v", notes)
	}
	w.clock.Pass(pip.NoticeMemory + time.Hour)
	if got := list("a-1"); len(got) != 0 {
		t.Errorf("long afterwards: %+v", got)
	}
	if err := notices.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM identity_notices").Scan(&n); err != nil || n > 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
	if err := notices.Keep(t.Context(), "a-1", pip.Notice{Kind: "unheard_of"}); err == nil {
		t.Error("a notice without a text is kept")
	}
}

// Each kind is bounded for each account, and another kind or account is not
// silenced by it.
func TestNoticesAreBounded(t *testing.T) {
	w := newWorld(t)
	notices := identity.NewNotices(w.store, w.vault, w.mail, w.clock.Now)
	tell := func(account string, kind pip.NoticeKind) {
		t.Helper()
		if err := notices.Tell(t.Context(), pip.Profile{ID: account, Email: account + "@hospital.test"}, pip.Notice{Kind: kind}); err != nil {
			t.Fatal(err)
		}
	}
	for range 30 {
		tell("a-1", pip.NoticeDevice)
	}
	if n := w.mail.Count(); n != 10 {
		t.Errorf("got %d mails, want 10", n)
	}
	tell("a-1", pip.NoticePassword)
	tell("a-2", pip.NoticeDevice)
	w.clock.Pass(25 * time.Hour)
	tell("a-1", pip.NoticeDevice)
	if n := w.mail.Count(); n != 13 {
		t.Errorf("got %d mails, want 13", n)
	}
}

func TestMachinesGetNoMail(t *testing.T) {
	w := newWorld(t)
	w.mail.fail = true
	notices := identity.NewNotices(w.store, w.vault, w.mail, w.clock.Now)
	if err := notices.Tell(t.Context(), pip.Profile{ID: "m-1", Email: "siem@machine.invalid"}, pip.Notice{Kind: pip.NoticeDevice}); err != nil {
		t.Errorf("got %v", err)
	}
	if err := notices.Tell(t.Context(), pip.Profile{ID: "a-1", Email: email}, pip.Notice{Kind: pip.NoticeDevice}); err == nil {
		t.Error("a mail that was not sent is no error")
	}
}

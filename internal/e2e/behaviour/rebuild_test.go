package behaviour_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/pip/signals/sqlstore"
)

// loseCounts removes the file of a process that has stopped.
func loseCounts(t *testing.T, data string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "signals.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got %v, %v, want a file with counts", files, err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// rebuilt waits for the record that says what was counted again.
func rebuilt(t *testing.T, data string) (all []pip.Event) {
	t.Helper()
	rig.Until(t, "a record of what was counted again", func() bool {
		all = rig.Events(t, data, func(e *pip.Event) bool { return e.Action == "signals.rebuild" })
		_, err := os.Stat(filepath.Join(data, "signals.rebuilding"))
		return len(all) > 0 && os.IsNotExist(err)
	})
	return all
}

// The counts are lost in the middle of somebody's trying many accounts: what is
// still in the journal counts, and the bar comes as it would have.
func TestLostCountsAreCountedAgain(t *testing.T) {
	book := rig.WithTable(t, rig.VerdictTable, impatient...)
	data := filepath.Join(t.TempDir(), "var")
	begin := func(c *config.Config) { book(c); c.Data = data }
	w := rig.New(t, begin)
	stranger := w.From("stranger", "127.0.0.34")
	for _, name := range []string{"nobody1", "nobody2", "nobody3"} {
		stranger.Post("/auth/login", rig.WrongPassword(name)).Is(http.StatusUnauthorized)
	}
	w.Stop()
	loseCounts(t, data)

	w = rig.New(t, begin)
	stranger.World = w
	// The fourth account: what is tried after it may meet the bar.
	stranger.Post("/auth/login", rig.WrongPassword("nurse")).Is(http.StatusUnauthorized)
	isBarred(stranger)
	if got := rebuilt(t, data); len(got) != 1 || got[0].Outcome != "success" || got[0].Count < 3 {
		t.Errorf("got %+v, want one record of at least three events", got)
	}
	w.Stop()

	// With the file there is nothing to count again.
	w = rig.New(t, begin)
	w.As("doctor")
	w.Stop()
	if got := rebuilt(t, data); len(got) != 1 {
		t.Errorf("got %d records, want none of a start that lost nothing", len(got))
	}
}

// Habits are counted again too, as far as they are remembered, also when that
// was broken off by a crash.
func TestLostHabitsAreCountedAgain(t *testing.T) {
	data := filepath.Join(t.TempDir(), "var")
	begin := func(c *config.Config) { c.Data = data }
	rig.New(t, begin).Stop()
	journal, err := audit.Open(audit.Config{Dir: filepath.Join(data, "journal"), Chain: "main"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for day := range 31 {
		at := now.Add(-time.Duration(day+1) * 24 * time.Hour)
		for _, e := range []pip.Event{
			{Kind: pip.KindOutcome, Action: "patient.list", Subject: "u-1", Allow: true, Patients: []string{"p-1", "p-2", fmt.Sprint("p-", day)}},
			{Kind: pip.KindOutcome, Action: "patient.read", Subject: "u-1", Allow: true, Patients: []string{"p-2"}},
			{Kind: pip.KindSession, Action: "session.create", Subject: "u-1", Allow: true, Input: fmt.Appendf(nil, `{"context":{"location":{"country":%q}}}`, []string{"DE", "FR"}[day/30])},
		} {
			e.Time = at
			if err := journal.Append(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	for name, lose := range map[string]func(){
		"lost": func() { loseCounts(t, data) },
		"broken off": func() {
			for file, content := range map[string]string{"signals.db": "half a database", "signals.rebuilding": ""} {
				if err := os.WriteFile(filepath.Join(data, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		lose()
		before := len(rig.Events(t, data, func(e *pip.Event) bool { return e.Action == "signals.rebuild" }))
		w := rig.New(t, begin)
		rig.Until(t, name+" and counted again", func() bool { return len(rebuilt(t, data)) > before })
		w.Stop()
		store, err := sqlstore.Open(t.Context(), filepath.Join(data, "signals.db"))
		if err != nil {
			t.Fatal(err)
		}
		habits, err := store.Habits(t.Context(), now)
		if h := habits["u-1"]; err != nil || h.Patients != 3 || !slices.Equal(h.Countries, []string{"DE"}) {
			t.Errorf("%s: got %+v, %v, want 3 patients, and DE alone", name, h, err)
		}
		counts, err := store.Counts(t.Context(), now)
		if c, there := counts[signals.Who{Subject: "u-1"}]; err != nil || there && c.Patients != 0 {
			t.Errorf("%s: got %+v, %v in the window, want none", name, c, err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

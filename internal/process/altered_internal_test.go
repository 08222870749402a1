package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pdp/sentinel"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/identity"
)

// A desk is told, and fails as often as it is told to.
type desk struct {
	fails int
	told  []string
}

func (d *desk) Notify(_ context.Context, channel string, a sentinel.Alert) error {
	if channel == "mail" && d.fails > 0 {
		d.fails--
		return errors.New("no mail now")
	}
	d.told = append(d.told, channel+" "+a.Verdict)
	return nil
}

// People hear of an altered journal once by each channel, and of nothing else.
func TestPeopleAreToldOfAnAlteredJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{fails: 2}
		var failure atomic.Pointer[error]
		fail := func(err error) { failure.Store(&err) }
		fail(nil)
		done := make(chan struct{})
		go func() {
			tellOfJournal(t.Context(), slog.New(slog.DiscardHandler), d, func() error { return *failure.Load() })
			close(done)
		}()
		fail(errors.New("disk full"))
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(d.told) != 0 {
			t.Errorf("told of a full disk: %q", d.told)
		}
		fail(fmt.Errorf("append: %w", audit.ErrAltered))
		<-done
		if want := []string{"webhook journal_altered", "mail journal_altered"}; !slices.Equal(d.told, want) {
			t.Errorf("told %q, want %q", d.told, want)
		}
	})
}

// The mail is one that a person understands without the journal, which cannot be read.
func TestTheMailOfAnAlteredJournal(t *testing.T) {
	var m identity.Message = alertMail("soc@hospital.test", &sentinel.Alert{ID: "a-1", Verdict: verdictAltered, Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)})
	for _, want := range []string{"journal", "refused", "2026-03-01T12:00:00Z"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, m.Text)
		}
	}
}

package process

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip/identity"
)

type roleBook struct {
	roles map[string]string
	err   error
	reads int
}

func (b *roleBook) Account(_ context.Context, id string) (identity.Record, error) {
	b.reads++
	if b.err != nil {
		return identity.Record{}, b.err
	}
	role, found := b.roles[id]
	if !found {
		return identity.Record{}, identity.ErrNotFound
	}
	return identity.Record{Role: role}, nil
}

func TestTheSentinelLearnsRolesOnceAMinuteAndOutlivesTheirDatabase(t *testing.T) {
	book := &roleBook{roles: map[string]string{"u-1": "doctor", "u-2": "patient"}}
	m := &roleMemory{accounts: book, log: slog.New(slog.DiscardHandler)}
	now := time.Unix(1_800_000_000, 0)
	look := func() (roles string) {
		list := []pdp.Behaviour{{Subject: "u-1"}, {}, {Subject: "u-2"}, {Subject: "u-3"}}
		m.fill(t.Context(), now, list)
		for _, b := range list {
			roles += b.Role + ","
		}
		return roles
	}
	const want = "doctor,,patient,,"
	for range 3 {
		if got := look(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if book.reads != 3 {
		t.Errorf("asked %d times, want once for each account", book.reads)
	}
	now, book.err = now.Add(time.Hour), errors.New("gone")
	if got := look(); got != want || book.reads != 4 {
		t.Errorf("without the database got %q after %d questions, want %q after one more", got, book.reads, want)
	}
}

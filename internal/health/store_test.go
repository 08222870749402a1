package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/wardgate/wardgate/internal/health"
)

func TestAStoreThatTakesNoChangeIsToldByWhoseTroubleItIs(t *testing.T) {
	for name, tt := range map[string]struct {
		file   bool
		status int
		want   string
	}{
		"a file":   {true, 503, "store_unavailable"},
		"a server": {false, 200, "ready"},
	} {
		var fault error
		b := health.NewBoard([]string{"records"})
		s := b.Store("stores.records", tt.file, func(context.Context) error { return fault }, func(error) string { return "locked" })
		ask := func() (int, string, string, []string) {
			s.Ask(t.Context())
			w := httptest.NewRecorder()
			b.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
			var r struct {
				Status   string
				Degraded []string
				Detail   map[string]struct{ State string }
			}
			if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			return w.Code, r.Status, r.Detail["stores.records"].State, r.Degraded
		}
		for _, down := range []bool{false, true, true, false} {
			fault = nil
			if down {
				fault = errors.New("database is locked")
			}
			status, said, state, degraded := ask()
			wantStatus, wantSaid, wantState := 200, "ready", "answering"
			if down {
				wantStatus, wantSaid, wantState = tt.status, tt.want, "locked"
			}
			if status != wantStatus || said != wantSaid || state != wantState || (len(degraded) == 1) != down {
				t.Errorf("%s, down %t: got %d %s %s %v", name, down, status, said, state, degraded)
			}
		}
	}
}

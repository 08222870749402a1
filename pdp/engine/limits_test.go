package engine

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/points"
)

func TestLimitsAreThoseOfTheTable(t *testing.T) {
	files := book(t)
	e := newEngine(t, files, nil)
	if l := e.Limits(); l.WrongPasswords != 3 || l.CodeLife != 5*time.Minute || l.RefreshAfter != 2*time.Minute || l.DeviceMemory != 180*24*time.Hour {
		t.Errorf("got %+v", l)
	}
	edit(t, files, "authz/tables/limits.rego", `"wrong_passwords": 3`, `"wrong_passwords": 4`)
	if _, err := e.Activate(files); err != nil {
		t.Fatal(err)
	}
	if l := e.Limits(); l.WrongPasswords != 4 {
		t.Errorf("after an edit: got %+v", l)
	}
}

func TestLimitsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no guesses":              {`"code_attempts": 3`, `"code_attempts": 0`, "limits.code_attempts"},
		"a text":                  {`"code_attempts": 3`, `"code_attempts": "3"`, "code_attempts"},
		"half a guess":            {`"code_attempts": 3`, `"code_attempts": 1.5`, "code_attempts"},
		"no row":                  {`	"code_bar_seconds": 120,`, ``, "limits.code_bar_seconds"},
		"a token for a day":       {`"access_token_seconds": 300`, `"access_token_seconds": 86400`, "limits.access_token_seconds"},
		"idle before the refresh": {`"refresh_idle_seconds": 900`, `"refresh_idle_seconds": 60`, "limits.refresh_idle_seconds"},
		"never again":             {`"under_way_seconds": 10`, `"under_way_seconds": 3600`, "limits.under_way_seconds"},
		"a grace for a day":       {`"under_way_grace_seconds": 60`, `"under_way_grace_seconds": 86400`, "limits.under_way_grace_seconds"},
		"no machine's grace":      {`"under_way_machine_grace_seconds": 600`, `"under_way_machine_grace_seconds": -1`, "limits.under_way_machine_grace_seconds"},
		"no table":                {`limits := {`, `limit := {`, "limits"},
	} {
		t.Run(name, func(t *testing.T) {
			files := book(t)
			edit(t, files, "authz/tables/limits.rego", c.old, c.new)
			_, err := New(files, points.Sections(), nil, nil, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error about %s", err, c.want)
			}
		})
	}
}

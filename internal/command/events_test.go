package command_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command"
)

func TestEventsCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dashboards.ndjson")
	tests := []struct {
		name string
		args []string
		code int
		want string // in what is printed, or in the fault
	}{
		{"a dry run calls nobody", []string{"setup", "--dry-run"}, 0, "PUT /_data_stream/logs-wardgate.audit-default\n"},
		{"a dry run for programs", []string{"setup", "--dry-run", "--output", "json"}, 0, `"/_index_template/wardgate-audit"`},
		{"nowhere to set up", []string{"setup"}, 1, "stores.events.elasticsearch.addresses: expected"},
		{"dashboards", []string{"dashboards"}, 0, `"id":"wardgate-log-ins"`},
		{"dashboards in a file", []string{"dashboards", "--out", file}, 0, ""},
		{"dashboards nowhere", []string{"dashboards", "--out", filepath.Join(file, "x")}, 1, "write dashboards"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := command.Run(append([]string{"events"}, tt.args...), &out, &errOut, nil)
			if code != tt.code || !strings.Contains(out.String()+errOut.String(), tt.want) {
				t.Errorf("got exit code %d, %s%s, want %d and %q", code, out.String(), errOut.String(), tt.code, tt.want)
			}
		})
	}
	if text, err := os.ReadFile(file); err != nil || bytes.Count(text, []byte("\n")) < 30 {
		t.Errorf("got %d bytes, %v", len(text), err)
	}
}

package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
)

// journalled returns a data folder whose journal holds n decisions between its
// own opening and closing.
func journalled(t *testing.T, n int) string {
	t.Helper()
	data := t.TempDir()
	j, err := audit.Open(audit.Config{Dir: filepath.Join(data, "journal")})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		e := pip.Event{
			Kind: pip.KindDecision, Decision: fmt.Sprintf("d-%d", i), Subject: []string{"u-1", "u-2"}[i%2],
			Input: json.RawMessage(`{"secret":"of the policy"}`),
		}
		if err := j.Append(context.Background(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestExport(t *testing.T) {
	data := journalled(t, 10)
	tests := []struct {
		name  string
		args  []string
		lines int
		has   string
		lacks string
	}{
		{"everything, as ECS", nil, 12, `"ecs":{"version":`, "of the policy"},
		{"one subject", []string{"--subject", "u-2"}, 5, `"user":{"id":"u-2"}`, "u-1"},
		{"from a record on", []string{"--from", "11"}, 2, `"sequence":12`, `"sequence":10,`},
		{"as it stands", []string{"--output", "json", "--kind", "decision"}, 10, "of the policy", `"ecs"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			if code := command.Run(append([]string{"audit", "export", "--data", data}, tt.args...), &out, &errOut, nil); code != 0 {
				t.Fatalf("got exit code %d: %s", code, errOut.String())
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if len(lines) != tt.lines {
				t.Errorf("got %d lines, want %d", len(lines), tt.lines)
			}
			for _, line := range lines {
				if !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
			if !strings.Contains(out.String(), tt.has) || strings.Contains(out.String(), tt.lacks) {
				t.Errorf("got %s, want %q in it and no %q", out.String(), tt.has, tt.lacks)
			}
		})
	}
}

func TestExportOfNoJournalFails(t *testing.T) {
	var out, errOut bytes.Buffer
	if code := command.Run([]string{"audit", "export", "--data", t.TempDir()}, &out, &errOut, nil); code != 1 || out.Len() > 0 {
		t.Errorf("got exit code %d and output %q, want 1 and none", code, out.String())
	}
}

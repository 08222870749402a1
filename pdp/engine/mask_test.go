package engine_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/policies"
)

func TestMaskOfDecisionLogsIsTheRuleBooks(t *testing.T) {
	files := enginetest.Book(t, policies.FS)
	e, err := engine.New(files, points.Sections(), nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.Mask(context.Background(), map[string]any{}); err != nil || got != nil {
		t.Errorf("got %v %v without a mask", got, err)
	}
	files["system/log/mask.rego"] = &fstest.MapFile{Data: []byte(`package system.log

mask contains "/input/subject/id" if input.path == "authz/answer"

mask contains {"op": "upsert", "path": "/input/resource/id", "value": "*"}
`)}
	if _, err := e.Activate(files); err != nil {
		t.Fatal(err)
	}
	got, err := e.Mask(context.Background(), map[string]any{"path": "authz/answer"})
	if err != nil || len(got) != 2 {
		t.Errorf("got %v %v, want two rules", got, err)
	}
	files["system/log/mask.rego"] = &fstest.MapFile{Data: []byte("package system.log\n\nmask contains input.n / 0\n")}
	if _, err := e.Activate(files); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Mask(context.Background(), map[string]any{"n": 1}); err == nil {
		t.Error("a mask that fails masks nothing")
	}
	files["system/log/mask.rego"] = &fstest.MapFile{Data: []byte("package system.log\n\nmsak contains \"/input\"\n")}
	if _, err := e.Activate(files); err == nil || !strings.Contains(err.Error(), "neither a set mask nor a rule drop") {
		t.Errorf("got %v of a package that masks nothing", err)
	}
}

func TestDropOfDecisionLogsIsTheRuleBooks(t *testing.T) {
	files := enginetest.Book(t, policies.FS)
	e, err := engine.New(files, points.Sections(), nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		rule  string
		drop  bool
		fails bool
	}{
		"no rule":         {"", false, false},
		"true":            {"drop if input.input.action.name == \"log_in.attempt\"", true, false},
		"undefined":       {"drop if input.input.action.name == \"patient.read\"", false, false},
		"neither":         {"drop := \"yes\"", false, true},
		"a failing rule":  {"drop if input.n / 0 > 1", false, true},
		"beside the mask": {"drop if input.path == \"authz/answer\"\n\nmask contains \"/input\"", true, false},
	} {
		delete(files, "system/log/log.rego")
		if test.rule != "" {
			files["system/log/log.rego"] = &fstest.MapFile{Data: []byte("package system.log\n\n" + test.rule + "\n")}
		}
		if _, err := e.Activate(files); err != nil {
			t.Fatal(name, err)
		}
		event := map[string]any{"path": "authz/answer", "n": 1, "input": map[string]any{"action": map[string]any{"name": "log_in.attempt"}}}
		if drop, err := e.Drop(context.Background(), event); drop != test.drop || (err != nil) != test.fails {
			t.Errorf("%s: got %t, %v, want %t", name, drop, err, test.drop)
		}
	}
}

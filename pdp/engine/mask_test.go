package engine_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/pdp/engine"
)

func TestMaskOfDecisionLogsIsTheRuleBooks(t *testing.T) {
	files := bookFiles(t)
	e, err := engine.New(files, nil, nil, slog.New(slog.DiscardHandler))
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
	files["system/log/mask.rego"] = &fstest.MapFile{Data: []byte("package system.log\n\ndrop := true\n")}
	if _, err := e.Activate(files); err == nil || !strings.Contains(err.Error(), "no set mask") {
		t.Errorf("got %v of a package that masks nothing", err)
	}
}

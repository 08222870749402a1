package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

// Every key takes in a file what its field holds: a list, a number, a truth or a text,
// and nothing else.
func TestEveryKeyTakesItsKindInAFile(t *testing.T) {
	kinds := map[reflect.Kind]any{
		reflect.String: "a", reflect.Int: 1, reflect.Bool: true, reflect.Slice: []any{"a"},
	}
	found := map[reflect.Kind]bool{}
	for key, field := range leaves(reflect.TypeFor[config.Config](), "") {
		if key == "signals.reports" || key == "applications" {
			continue // lists of entries, with tests of their own
		}
		found[field] = true
		for kind, value := range kinds {
			refused := refusesKind(t, key, value)
			if refused != (kind != field) {
				t.Errorf("%s, which holds a %v, and a %v: refused %v", key, field, kind, refused)
			}
		}
	}
	for kind := range kinds {
		if !found[kind] {
			t.Errorf("no key holds a %v", kind)
		}
	}
}

// leaves are the keys of a configuration and what their fields hold.
func leaves(of reflect.Type, prefix string) map[string]reflect.Kind {
	all := map[string]reflect.Kind{}
	for i := range of.NumField() {
		f := of.Field(i)
		name := f.Tag.Get("koanf")
		switch {
		case name == "-" || name == "":
		case f.Type.Kind() == reflect.Struct:
			for key, kind := range leaves(f.Type, prefix+name+".") {
				all[key] = kind
			}
		default:
			all[prefix+name] = f.Type.Kind()
		}
	}
	return all
}

// refusesKind reports whether a file with the value is refused for its kind. JSON is YAML.
func refusesKind(t *testing.T, key string, value any) bool {
	t.Helper()
	parts := strings.Split(key, ".")
	for i := len(parts) - 1; i >= 0; i-- {
		value = map[string]any{parts[i]: value}
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "wardgate.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = config.Read(file, nil)
	return err != nil && strings.Contains(err.Error(), key+": expected ")
}

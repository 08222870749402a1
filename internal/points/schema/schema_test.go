package schema_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/schema"
	"github.com/wardgate/wardgate/pip"
)

// What repeats the sections says what they say: which line differs is named.
func TestWhatRepeatsTheSectionsIsAsTheyAre(t *testing.T) {
	for _, name := range schema.Files {
		t.Run(name, func(t *testing.T) {
			text := read(t, name)
			made, err := schema.Write(name, text, points.Sections())
			if err != nil {
				t.Fatal(err)
			}
			has, wants := strings.Split(text, "\n"), strings.Split(made, "\n")
			for i := range min(len(has), len(wants)) {
				if has[i] != wants[i] {
					t.Fatalf("line %d: got %q, the sections say %q: go generate ./internal/points", i+1, has[i], wants[i])
				}
			}
			if len(has) != len(wants) {
				t.Errorf("got %d lines, the sections make %d: go generate ./internal/points", len(has), len(wants))
			}
		})
	}
}

// A new section stands in each of them once it is generated.
func TestNewSectionIsWrittenEverywhere(t *testing.T) {
	weather := pip.Measured("weather", pip.Freshness{StaleAfter: 1, UnknownAfter: 1}, pip.WordOf("sky", "", "storm"), pip.BooleanOf("flood"))
	for _, name := range schema.Files {
		made, err := schema.Write(name, read(t, name), append(points.Sections(), weather))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"#             weather:\n", "#                 sky: {enum: [\"\", \"storm\"]}\n", "#                 flood: {type: boolean}\n"}
		if strings.HasSuffix(name, ".md") {
			want = []string{"| `context.weather.sky` | `\"\"`, `\"storm\"` |\n"}
		}
		for _, line := range want {
			if strings.Count(made, line) != 1 {
				t.Errorf("%s: got %d lines %q, want one", name, strings.Count(made, line), line)
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

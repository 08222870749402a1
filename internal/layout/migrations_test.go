package layout_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyOneMigrationHasANumber: two that are made side by side merge without a conflict,
// and no database opens with them.
func TestOnlyOneMigrationHasANumber(t *testing.T) {
	root, found := filepath.Join("..", ".."), 0
	taken := map[string]string{}
	for _, depth := range []string{"*/*/migrations", "*/*/*/migrations", "*/*/migrations/*"} {
		files, err := filepath.Glob(filepath.Join(root, depth, "*.sql"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			number, _, _ := strings.Cut(filepath.Base(file), "_")
			key := filepath.Dir(file) + " " + number
			if taken[key] != "" {
				t.Errorf("%s and %s have one number", taken[key], file)
			}
			taken[key], found = file, found+1
		}
	}
	if found == 0 {
		t.Error("there is no migration")
	}
}

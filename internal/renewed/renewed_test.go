package renewed_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/renewed"
)

func TestAChangedFileIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	readings := 0
	read := func() (string, error) {
		readings++
		a, err := os.ReadFile(one)
		b, also := os.ReadFile(two)
		if string(a) == "no good" {
			err = errors.New("no good")
		}
		return string(a) + "+" + string(b), errors.Join(err, also)
	}
	write(one, "a")
	if _, err := renewed.Read(read, one, two); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
	write(two, "b")
	readings = 0
	v, err := renewed.Read(read, one, two)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name     string
		change   func()
		want     string
		readings int
	}{
		{"unchanged", func() {}, "a+b", 1},
		{"the second", func() { write(two, "bb") }, "a+bb", 2},
		{"unchanged again", func() {}, "a+bb", 2},
		{"no good", func() { write(one, "no good") }, "a+bb", 3},
		{"no good still", func() {}, "a+bb", 4},
		{"missing", func() { os.Remove(two) }, "a+bb", 4},
		{"both", func() { write(one, "aaa"); write(two, "bbb") }, "aaa+bbb", 5},
	} {
		if step.change(); v.Now() != step.want || readings != step.readings {
			t.Errorf("%s: got %q by %d readings, want %q by %d", step.name, v.Now(), readings, step.want, step.readings)
		}
	}
}

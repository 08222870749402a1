// Command generate writes the input's sections into the files that repeat them.
// It runs in internal/points.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/schema"
)

func main() {
	for _, name := range schema.Files {
		if err := write(filepath.Join("..", "..", filepath.FromSlash(name)), name); err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}

func write(file, name string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	made, err := schema.Write(name, string(text), points.Sections())
	if err != nil || made == string(text) {
		return err
	}
	return os.WriteFile(file, []byte(made), 0o644)
}

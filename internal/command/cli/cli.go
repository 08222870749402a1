// Package cli is what all commands have in common: where they print, how they
// say that they failed, and which running Wardgate they are about.
package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/wardgate/wardgate/internal/control"
)

// Streams is where a command prints, and the environment that it reads.
type Streams struct {
	Out, Err io.Writer
	Environ  []string // as os.Environ
}

// ErrReported is a failure that the command has already printed.
var ErrReported = errors.New("reported")

// Misused is the error of a command line that cannot be done as it is written.
type Misused struct{ Err error }

func (m *Misused) Error() string { return m.Err.Error() }
func (m *Misused) Unwrap() error { return m.Err }

// Done prints what was done, where err is nil.
func (s *Streams) Done(what string, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Out, what)
	return nil
}

// PrintJSON prints v for other programs.
func PrintJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// RunningFlags say which running Wardgate is meant.
type RunningFlags struct {
	Data string `help:"Data folder of the running wardgate." default:"var" placeholder:"DIR"`
}

// Client asks the running Wardgate.
func (f *RunningFlags) Client() *control.Client { return control.NewClient(f.Data) }

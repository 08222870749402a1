package strictjson

import (
	"errors"
	"strings"
)

// A Kind says what is wrong with a text.
type Kind uint8

// The kinds of faults.
const (
	Malformed Kind = iota // it is not one JSON text with one reading
	Repeated              // a name stands in an object twice, in whatever case
	Unknown               // a name is not one that is expected, exactly as it is written
	Wrong                 // a value is of another type, or does not fit
)

// A Fault is why a text is not taken: where, and what was expected there. It
// never quotes a value, and of names it quotes only what looks like a name.
type Fault struct {
	Kind     Kind
	Path     string // "context.items[2].id"; "" for the whole text
	Expected string // "one JSON text", "a text", "once"
}

// Error is one line.
func (f *Fault) Error() string {
	if f.Path == "" {
		return "expected " + f.Expected
	}
	return f.Path + ": expected " + f.Expected
}

// Member is the member of the whole text in which the fault lies; "" for none.
func (f *Fault) Member() string {
	if end := strings.IndexAny(f.Path, ".["); end >= 0 {
		return f.Path[:end]
	}
	return f.Path
}

// Of returns the fault in err, or nil.
func Of(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// maxName is the longest name that a fault repeats.
const maxName = 64

// shown repeats a name only when it looks like one: a secret that was pasted in
// a name's place is not echoed.
func shown(name string) string {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}
	if name == "" || len(name) > maxName || strings.ContainsFunc(name, odd) {
		return "?"
	}
	return name
}

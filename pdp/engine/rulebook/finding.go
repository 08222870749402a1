package rulebook

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A Finding is one fault of a rule book: where it stands, what is wrong, and
// what to do about it. Line is 0 when the fault has no line.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Code    string `json:"code"`
	Problem string `json:"problem"`
	Hint    string `json:"hint,omitempty"`
	Note    bool   `json:"note,omitempty"` // worth knowing, and no reason to refuse the book
}

// String is "file:line: problem".
func (f Finding) String() string {
	place := f.File
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	return place + ": " + f.Problem
}

// notes are codes that refuse nothing: they are about what people read, and an
// edit at night is not to wait for a title.
var notes = []string{"metadata", "untested", "no_tests", "interpreted"}

// findings gathers faults, each once.
type findings struct{ list []Finding }

func (fs *findings) add(at *ast.Location, code, hint, format string, args ...any) {
	f := Finding{Code: code, Hint: hint, Problem: fmt.Sprintf(format, args...), Note: slices.Contains(notes, code)}
	if at != nil {
		f.File, f.Line = at.File, at.Row
	}
	if !slices.Contains(fs.list, f) {
		fs.list = append(fs.list, f)
	}
}

// addError takes OPA's errors apart, so that each keeps its own place.
func (fs *findings) addError(file, code string, err error) {
	var many ast.Errors
	var one *ast.Error
	switch {
	case errors.As(err, &many):
		for _, e := range many {
			fs.addCompilerError(e)
		}
	case errors.As(err, &one):
		fs.addCompilerError(one)
	default:
		fs.add(&ast.Location{File: file}, code, "", "%s", err)
	}
}

func (fs *findings) addCompilerError(e *ast.Error) {
	text := e.Message
	if e.Details != nil {
		lines := e.Details.Lines()
		text = strings.Join(append([]string{text}, lines...), "\n    ")
	}
	fs.add(e.Location, e.Code, hintFor(e), "%s", text)
}

// hintFor says what usually is behind a message of the compiler.
func hintFor(e *ast.Error) string {
	for _, h := range []struct{ contains, hint string }{
		{"undefined ref: input", "the input has no such field; its schema stands at the head of authz/authz.rego"},
		{"undefined ref: data", "no rule of that name stands in that package; packages are named by their folders"},
		{"undefined function", "rules are pure: no network, no clock, no random numbers; facts arrive in the input"},
		{"is unsafe", "give the variable a value in an expression that is not negated"},
		{"unused", "remove it, or begin its name with an underscore where that is meant"},
		{"recursive", "two rules need each other; give what they share a rule of its own"},
		{"conflicts with", "two packages or rules claim one path; rename one of them"},
		{"match error", "the value can never be of that kind; see the schema at the head of authz/authz.rego"},
	} {
		if strings.Contains(e.Message, h.contains) {
			return h.hint
		}
	}
	if e.Code == ast.ParseErr {
		return "compare with a rule folder beside it; `opa fmt` names the first place that it cannot read"
	}
	return ""
}

// sorted returns the faults by file and line.
func (fs *findings) sorted() []Finding {
	slices.SortStableFunc(fs.list, func(a, b Finding) int {
		if by := strings.Compare(a.File, b.File); by != 0 {
			return by
		}
		return a.Line - b.Line
	})
	return fs.list
}

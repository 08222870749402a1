package prove

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// The codes of findings of a proof.
const (
	CodeRefuted   = "refuted"            // an invariant does not hold
	CodeUndecided = "undecided"          // it could not be analysed
	CodeInvariant = "invariant"          // it is no invariant, or says nothing
	CodeUnproved  = "unproved"           // the book could not be analysed at all
	CodeMissing   = "invariants_missing" // a note: some that come with Wardgate do not stand in the book
	CodeWaived    = "waived"             // a note: it does not hold, and two people answer for that until a day
	CodeStale     = "waiver_stale"       // a note: it is waived, and holds
	CodeUntitled  = "metadata"           // a note: an invariant without a title
)

// Findings are what refuses a book that is not proved, as the other faults of a rule
// book are told, and notes.
func (r *Report) Findings() []rulebook.Finding {
	var list []rulebook.Finding
	for i := range r.Invariants {
		if f, found := r.Invariants[i].finding(slices.Contains(r.Missing, r.Invariants[i].File)); found {
			list = append(list, f)
		}
	}
	if len(r.Missing) > 0 {
		list = append(list, rulebook.Finding{
			File: strings.TrimSuffix(below, "/"), Code: CodeMissing, Note: true,
			Problem: fmt.Sprintf("%d that come with Wardgate do not stand here, and are proved all the same: %s", len(r.Missing), some(r.Missing)),
			Hint:    "copy them from the rule book that comes with Wardgate, so that what is proved can be read here",
		})
	}
	return list
}

// told is how many names a finding lists.
const told = 5

func some(names []string) string {
	if n := len(names); n > told {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:told], ", "), n-told)
	}
	return strings.Join(names, ", ")
}

func (r *Result) finding(missing bool) (rulebook.Finding, bool) {
	f := rulebook.Finding{File: r.File, Line: r.Line, Code: map[Outcome]string{
		Refuted: CodeRefuted, Undecided: CodeUndecided, Refused: CodeInvariant,
	}[r.Outcome]}
	what := r.Kind + " " + r.Name
	if r.Title != "" {
		what += ": " + r.Title
	}
	if missing {
		what += " (an invariant that comes with Wardgate)"
	}
	switch r.Outcome {
	case Waived:
		f.Code, f.Note = CodeWaived, true
		f.Problem = fmt.Sprintf("waived %s: %s", r.Waiver, what)
		return f, true
	case Proved:
		if r.Waiver != nil {
			f.File, f.Line, f.Code, f.Note = r.Waiver.File, r.Waiver.Line, CodeStale, true
			f.Problem = fmt.Sprintf("the waiver of %s is not needed: it is proved", what)
			f.Hint = "remove it, so that it does not lie in wait for a later edit"
			return f, true
		}
		f.Code, f.Note = CodeUntitled, true
		f.Problem = what + ": it has no title that says what it promises"
		return f, r.Title == ""
	case Refuted:
		parts := []string{"refuted: " + what}
		if r.Problem != "" {
			parts = append(parts, r.Problem)
		}
		if len(r.Situation) > 0 {
			parts = append(parts, "where "+strings.Join(r.Situation, ", "))
		}
		f.Problem = strings.Join(parts, "; ")
		f.Hint = "`wardgate policy prove --output json` has the whole input, which `opa eval` confirms"
	default:
		f.Problem = fmt.Sprintf("%s: %s: %s", r.Outcome, what, r.Problem)
	}
	return f, true
}

// Unproved is the finding of a book that cannot be analysed at all.
func Unproved(err error) rulebook.Finding {
	f := rulebook.Finding{File: strings.TrimSuffix(below, "/"), Code: CodeUnproved, Problem: fmt.Sprintf("nothing is proved of the rule book: %s", err)}
	if refusal := (*symbolic.Refusal)(nil); errors.As(err, &refusal) {
		f.File, f.Line, f.Problem = refusal.At.File, refusal.At.Row, "nothing is proved of the rule book: "+refusal.Problem
	}
	return f
}

package prove

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// AnalyserVersion says which analyser proves. Its first number changes when what an
// earlier one called proved may not be so: a fault was found, or more is asked. The
// second changes when it finds more out, the third with all else.
const AnalyserVersion = "1.1.0"

// A Statement says that a rule book was proved: what was, of what, by what. Signed
// along with the book it spares others the proof.
type Statement struct {
	Outcome     Outcome  `json:"outcome"`
	Rules       string   `json:"rules"`       // revision of the rule book
	Invariants  string   `json:"invariants"`  // digest of all that were proved
	Assumptions string   `json:"assumptions"` // digest of what was taken for granted
	Analyser    string   `json:"analyser"`    // AnalyserVersion of the program that proved
	Program     string   `json:"program"`     // which program that was; told, and never compared
	Proved      int      `json:"proved"`      // how many invariants
	Unproved    []string `json:"unproved"`    // "never NAME" of each that is not
	// Waived are those that do not hold, and that two people answer for. Where they do
	// not count (any more), other invariants are asked for, and this says nothing.
	Waived []string `json:"waived,omitempty"`
}

// Why a statement says nothing about a book here.
var (
	// ErrFalse: it is not about this book, or not of a proof. Nothing that makes
	// bundles writes such a statement.
	ErrFalse = errors.New("the proof that comes with the rule book is not one of it")
	// ErrOther: it was true where it was made, of less or of other things than are
	// proved here.
	ErrOther = errors.New("the rule book was proved by another Wardgate")
)

// Statement is what a report comes to. program says who proved.
func (g Gate) Statement(files rulebook.Files, r *Report, program string) *Statement {
	s := &Statement{
		Outcome: Proved, Rules: r.Revision, Invariants: g.Invariants(files), Assumptions: digestOfAssumptions(files),
		Analyser: AnalyserVersion, Program: program, Unproved: []string{},
	}
	for i := range r.Invariants {
		switch one := &r.Invariants[i]; one.Outcome {
		case Proved:
			s.Proved++
		case Waived:
			s.Waived = append(s.Waived, one.Kind+" "+one.Name)
		default:
			s.Unproved = append(s.Unproved, one.Kind+" "+one.Name)
		}
	}
	if !r.OK {
		s.Outcome = Refuted
	}
	return s
}

// Check reports whether a statement proves a book here: nil when it does, or else
// an error that is ErrFalse or ErrOther.
func (g Gate) Check(files rulebook.Files, s *Statement) error {
	switch {
	case s.Outcome != Proved || len(s.Unproved) > 0 || s.Proved == 0:
		return fmt.Errorf("%w: it says %q, with %d proved and %d not", ErrFalse, s.Outcome, s.Proved, len(s.Unproved))
	case s.Rules != files.Revision():
		return fmt.Errorf("%w: it is of revision %s", ErrFalse, s.Rules)
	case major(s.Analyser) == "" || s.Program == "":
		return fmt.Errorf("%w: it does not say what proved", ErrFalse)
	case major(s.Analyser) != major(AnalyserVersion):
		return fmt.Errorf("%w: its analyser is %s, and the one here %s", ErrOther, s.Analyser, AnalyserVersion)
	case s.Assumptions != digestOfAssumptions(files):
		return fmt.Errorf("%w: it took other things for granted (%s)", ErrOther, s.Program)
	case s.Invariants != g.Invariants(files):
		return fmt.Errorf("%w: of other invariants than come with this one (%s)", ErrOther, s.Program)
	}
	return nil
}

func major(version string) string {
	first, _, dotted := strings.Cut(version, ".")
	if !dotted {
		return ""
	}
	return first
}

// digestOfAssumptions is of what is taken for granted of all books, and of the
// assumptions of this one.
func digestOfAssumptions(files rulebook.Files) string {
	own := files.Assumptions()
	own[""] = []byte(strings.Join(Assumptions(), "\n"))
	return digestOf(own)
}

//go:build integration

package prove

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A script gives names to formulas of SMT-LIB, each once.
type script struct {
	text    strings.Builder
	names   map[string]string // of formulas
	claims  map[string]claim  // by name, the formulas that are one
	negated map[string]string // by name, of what a formula is the opposite
}

// A claim is that a number stands at a member.
type claim struct{ member, number string }

func newScript() *script {
	return &script{names: map[string]string{}, claims: map[string]claim{}, negated: map[string]string{}}
}

// define is the name of a formula. What is a name already, or true or false, stays.
func (s *script) define(formula string) string {
	if !strings.HasPrefix(formula, "(") {
		return formula
	}
	name, known := s.names[formula]
	if !known {
		name = fmt.Sprintf("f%d", len(s.names))
		s.names[formula] = name
		fmt.Fprintf(&s.text, "(define-fun %s () Bool %s)\n", name, formula)
	}
	return name
}

// claim is the name of one.
func (s *script) claim(member, number string) string {
	name := s.define("(= " + member + " " + number + ")")
	s.claims[name] = claim{member, number}
	return name
}

// all holds where each formula does. Two numbers never stand at a member: partial
// evaluation leaves many conditions that ask for that, and z3 takes minutes for them.
func (s *script) all(formulas ...string) string {
	stands := map[string]string{} // by member
	for _, f := range formulas {
		c, is := s.claims[f]
		if n, known := stands[c.member]; known && n != c.number {
			return "false"
		}
		if is {
			stands[c.member] = c.number
		}
	}
	said := func(f string) bool {
		c, is := s.claims[s.negated[f]]
		n, known := stands[c.member]
		return is && known && n != c.number
	}
	return s.joined("and", "true", "false", slices.DeleteFunc(slices.Clone(formulas), said))
}

// some holds where one of the formulas does.
func (s *script) some(formulas ...string) string { return s.joined("or", "false", "true", formulas) }

func (s *script) not(formula string) string {
	switch formula {
	case "true":
		return "false"
	case "false":
		return "true"
	}
	name := s.define("(not " + formula + ")")
	s.negated[name] = formula
	return name
}

func (s *script) joined(by, nothing, everything string, formulas []string) string {
	if slices.Contains(formulas, everything) {
		return everything
	}
	left := slices.DeleteFunc(slices.Clone(formulas), func(f string) bool { return f == nothing })
	slices.Sort(left)
	switch left = slices.Compact(left); len(left) {
	case 0:
		return nothing
	case 1:
		return left[0]
	}
	return s.define("(" + by + " " + strings.Join(left, " ") + ")")
}

// A solver is one z3 process.
type solver struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
}

// newSolver starts z3, which ends with the test. It skips the test where z3 is not there.
func newSolver(t *testing.T) *solver {
	t.Helper()
	program, err := exec.LookPath("z3")
	if err != nil {
		t.Skip("NOT RUN: z3 is not there (Debian's package z3)")
	}
	ctx, cancel := context.WithCancel(t.Context())
	z3 := exec.CommandContext(ctx, program, "-smt2", "-in", "-T:1500") // seconds, should the test be killed
	in, err := z3.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := z3.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := z3.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = z3.Wait() // it was ended
	})
	return &solver{t, in, bufio.NewReader(out)}
}

func (s *solver) tell(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, text); err != nil {
		s.t.Fatalf("tell z3: %v", err)
	}
}

// ask is what z3 says of a command, up to the end that it is told to say.
func (s *solver) ask(command string) string {
	s.t.Helper()
	s.tell(command + "\n(echo \"end\")\n")
	var said strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			s.t.Fatalf("z3 ended after %q: %v", said.String(), err)
		}
		if strings.Trim(line, "\"\n") == "end" {
			return strings.TrimSpace(said.String())
		}
		said.WriteString(line)
	}
}

// differ asks whether two formulas differ for some input. shown is such an input.
func (s *solver) differ(x, y, show string) (differs bool, shown string) {
	s.t.Helper()
	s.tell("(push 1)\n(assert (xor " + x + " " + y + "))\n")
	switch said := s.ask("(check-sat)"); said {
	case "unsat":
	case "sat":
		differs, shown = true, s.ask(show)
	default:
		s.t.Fatalf("z3 says %q of a difference", said)
	}
	s.tell("(pop 1)\n")
	return differs, shown
}

// Package schema writes the schema of the input, which the stock opa program
// reads as an annotation, and the guide's table of it, from the sections that are
// declared. What a hospital adds, its claims and the rows of records, it leaves
// as it stands.
package schema

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pip"
)

// Files are what repeats the sections, below the top of this house's source.
var Files = []string{"policies/authz/authz.rego", "policies/records/records.rego", "docs/policy-guide.md"}

const (
	first  = "#         subject:\n" // of an annotation
	behind = "#             claims:\n"

	tableBegins = "<!-- input: written by go generate ./internal/points -->\n"
	tableEnds   = "<!-- input ends -->\n"
)

var errNoBlock = errors.New("there is no place for the sections in it")

// Write returns a file with the sections written anew.
func Write(name, text string, points []pip.Section) (string, error) {
	l, err := input.NewLayout(points, nil)
	if err != nil {
		return "", err
	}
	begin, end, made := first, behind, annotation(l)
	if strings.HasSuffix(name, ".md") {
		begin, end, made = tableBegins, tableEnds, tableBegins+"\n"+table(l)+"\n"
	}
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("%s: %w", name, errNoBlock)
	}
	return head + made + end + tail, nil
}

// annotation is the schema, as lines of a comment.
func annotation(l *input.Layout) string {
	var b strings.Builder
	object := func(depth int, name string) {
		pad := "# " + strings.Repeat("  ", depth)
		fmt.Fprintf(&b, "%s%s:\n%s  type: object\n%[1]s  additionalProperties: false\n%[1]s  properties:\n", pad, name, pad)
	}
	l.Sections(func(path string, s *pip.Section) {
		depth := 4
		switch {
		case path == "context."+input.ClaimsSection:
			return
		case path == "context.credential":
			object(4, "context")
			depth = 6
		case strings.Contains(path, "."):
			depth = 6
		}
		object(depth, s.Name)
		for _, m := range s.Members {
			fmt.Fprintf(&b, "# %s%s: {%s}\n", strings.Repeat("  ", depth+2), m.Name, of(&m))
		}
	})
	return b.String()
}

func of(m *pip.Member) string {
	switch {
	case m.Type == pip.TypeBoolean:
		return "type: boolean"
	case len(m.Words) > 0:
		return "enum: [" + words(m, strconv.Quote) + "]"
	default:
		return "type: string"
	}
}

func words(m *pip.Member, each func(string) string) string {
	list := make([]string, len(m.Words))
	for i, word := range m.Words {
		list[i] = each(word)
	}
	return strings.Join(list, ", ")
}

// table is the guide's.
func table(l *input.Layout) string {
	var b strings.Builder
	b.WriteString("| `input.` | what may stand there; the first when nothing is known |\n|---|---|\n")
	l.Sections(func(path string, s *pip.Section) {
		for _, m := range s.Members {
			said := "text"
			switch {
			case m.Type == pip.TypeBoolean:
				said = "`false`, `true`"
			case m.Type == pip.TypeClaim && len(m.Words) == 0:
				said = "text, or missing"
			case m.Type == pip.TypeClaim:
				said = "missing, " + words(&m, code)
			case len(m.Words) > 0:
				said = words(&m, code)
			}
			fmt.Fprintf(&b, "| `%s.%s` | %s |\n", path, m.Name, said)
		}
		if path == "context."+input.ClaimsSection {
			b.WriteString("| `" + path + ".NAME` | missing, the words of the table `claims`, `other` |\n")
		}
	})
	return b.String()
}

func code(word string) string { return "`" + strconv.Quote(word) + "`" }

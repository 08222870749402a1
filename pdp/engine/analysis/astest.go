package analysis

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pip"
)

// errByID says that an answer is about one id, which no test may name.
var errByID = errors.New("the rule book answers otherwise once ids are replaced, because a rule looks into one: write this test by hand, with an id that no account has")

// AsTest writes a test that asks the rule book about a situation and holds its answer,
// in the form of `opa fmt`. Ids are replaced, each by the same value wherever it
// stands, so that none of a person is left; names that stand in the rule book stay.
// record is the journal's, or nil. folder is where in the book the test is to stand,
// "authz/recorded".
func (b *Book) AsTest(ctx context.Context, raw json.RawMessage, record *pip.Event, folder string) ([]byte, error) {
	document, err := input.Parse(raw)
	if err != nil {
		return nil, err
	}
	d, err := b.ask(ctx, document)
	if err != nil {
		return nil, err
	}
	p := &pseudonyms{keep: b.names(), made: map[string]string{}, numbers: map[string]int{}}
	replaced, _ := p.replace("", document).(map[string]any)
	again, err := b.ask(ctx, replaced)
	if err != nil {
		return nil, err
	}
	if again.Allow != d.Allow || !slices.Equal(again.Reasons, d.Reasons) || !slices.Equal(duties(&again), duties(&d)) {
		return nil, errByID
	}
	return written(replaced, &d, record, strings.ReplaceAll(folder, "/", ".")+"_test")
}

// names are all texts that stand in the rules and tables.
func (b *Book) names() map[string]bool {
	names := map[string]bool{}
	for _, m := range b.compiler.Modules {
		ast.WalkTerms(m, func(t *ast.Term) bool {
			if text, ok := t.Value.(ast.String); ok {
				names[string(text)] = true
			}
			return false
		})
	}
	b.candidate.Book().Layout.Sections(func(_ string, s *pip.Section) {
		for _, m := range s.Members {
			for _, w := range m.Words {
				names[w] = true
			}
		}
	})
	return names
}

// pseudonyms replace the texts of an input that no rule book names.
type pseudonyms struct {
	keep    map[string]bool
	made    map[string]string // by what they replace
	numbers map[string]int
}

// kinds are how pseudonyms of some members begin.
var kinds = map[string]string{
	"subject.id": "u", "subject.properties.staff": "s", "subject.properties.patient": "p", "subject.properties.department": "d",
}

// methods name no person: they are words for ways of authentication, with blanks
// between them.
var methods = []string{"context.credential.acr", "context.credential.amr"}

func (p *pseudonyms) replace(path string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out[key] = p.replace(strings.TrimPrefix(path+"."+key, "."), v[key])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = p.replace(path, v[i])
		}
		return out
	case string:
		if v == "" || p.keep[v] || slices.Contains(methods, path) {
			return v
		}
		return p.of(path, v)
	}
	return v
}

// of is the pseudonym of a text: "u-1", and the same wherever it stands.
func (p *pseudonyms) of(path, text string) string {
	if made, known := p.made[text]; known {
		return made
	}
	kind := kinds[path]
	if kind == "" {
		kind = path[strings.LastIndexByte(path, '.')+1:]
	}
	for {
		p.numbers[kind]++
		made := fmt.Sprintf("%s-%d", kind, p.numbers[kind])
		if !p.keep[made] { // a text that the rule book names would mean something
			p.made[text] = made
			return made
		}
	}
}

func duties(d *pdp.Decision) []string {
	ids := []string{}
	for _, o := range d.Obligations {
		ids = append(ids, o.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// written is the file.
func written(document map[string]any, d *pdp.Decision, record *pip.Event, pkg string) ([]byte, error) {
	content, err := json.MarshalIndent(document, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write the input: %w", err)
	}
	action, _ := input.At(document, "/action/name").(string)
	said, by := "denied", d.Reasons
	if d.Allow {
		said, by = "allowed", nil
		for _, rule := range d.Grounds.Rules {
			by = append(by, rule.String())
		}
	}
	title := fmt.Sprintf("%s is %s: %s", action, said, strings.Join(by, ", "))
	name := nameOf(content, record)
	var b bytes.Buffer
	fmt.Fprintf(&b, "package %s\n\nimport data.authz\n\n", pkg)
	fmt.Fprintf(&b, "# METADATA\n# title: %s\n# description: |\n#   %s\n#   Ids are replaced, and what was equal is.\n", quoted(title), origin(d, record))
	fmt.Fprintf(&b, "test_%s_%s if {\n\tanswer := authz.answer with input as _%s\n", word(action+" is "+said+" "+strings.Join(by, " and ")), name, name)
	if d.Allow {
		b.WriteString("\tanswer.decision\n")
	} else {
		b.WriteString("\tnot answer.decision\n")
	}
	fmt.Fprintf(&b, "\tanswer.context.reasons == %s\n", setOf(d.Reasons))
	fmt.Fprintf(&b, "\t{duty.id | some duty in answer.context.obligations} == %s\n}\n\n_%s := %s\n", setOf(duties(d)), name, content)
	out, err := format.SourceWithOpts("recorded_test.rego", b.Bytes(), format.Opts{RegoVersion: ast.RegoV1})
	if err != nil {
		return nil, fmt.Errorf("write the test: %w", err)
	}
	return out, nil
}

// origin says where the input comes from.
func origin(d *pdp.Decision, record *pip.Event) string {
	if record == nil {
		return fmt.Sprintf("Asked of revision %.12s.", d.Revision)
	}
	text := fmt.Sprintf("Decision %s, of revision %.12s", record.Decision, record.Revision)
	if record.Allow == d.Allow && slices.Equal(record.Reasons, d.Reasons) {
		return text + "."
	}
	was := "denied: " + strings.Join(record.Reasons, ", ")
	if record.Allow {
		was = "allowed"
	}
	return fmt.Sprintf("%s, which was %s. Revision %.12s answers what stands here.", text, was, d.Revision)
}

// nameOf tells one decision from another, so that their tests can stand in one
// package.
func nameOf(content []byte, record *pip.Event) string {
	if record != nil && record.Decision != "" {
		return "decision_" + word(record.Decision)
	}
	sum := sha256.Sum256(content)
	return "situation_" + hex.EncodeToString(sum[:6])
}

var noWord = regexp.MustCompile(`[^a-z0-9]+`)

// word makes a name of a text.
func word(text string) string {
	return strings.Trim(noWord.ReplaceAllString(strings.ToLower(text), "_"), "_")
}

func quoted(text string) string {
	raw, _ := json.Marshal(text) // a text always can
	return string(raw)
}

func setOf(list []string) string {
	if len(list) == 0 {
		return "set()"
	}
	raw, _ := json.Marshal(list)
	return "{" + strings.Trim(string(raw), "[]") + "}"
}

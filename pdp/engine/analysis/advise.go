package analysis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/remedy"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// Advice is what would help: the outcome of a search, told in words of the tables.
type Advice struct {
	remedy.Advice
	Sets []Set        `json:"sets"`
	Text tables.Texts `json:"text,omitempty"` // the outcome, where it is no set
	// Doubt says that what was found is not proved to be the smallest.
	Doubt tables.Texts `json:"doubt,omitempty"`
}

// A Set is changes that allow together. If says how it has to turn out: one of the
// alternatives, each member of which has to have one of its values.
type Set struct {
	Changes []Change   `json:"changes"`
	If      [][]Member `json:"if,omitempty"`
	// Text is all of it, by language.
	Text tables.Texts `json:"text"`
}

// A Change is one row of the table of remedies.
type Change struct {
	Title tables.Texts   `json:"title"`
	Set   map[string]any `json:"set,omitempty"`
}

// A Member of the input, and values of which one has to stand there.
type Member struct {
	Path   string       `json:"path"`
	Values []any        `json:"values"`
	Text   tables.Texts `json:"text"`
}

// A Right is what an action needs, and who has it: in some situation they are allowed.
type Right struct {
	Name     string   `json:"name,omitempty"`
	Roles    []Holder `json:"roles"`
	Stranger bool     `json:"stranger"` // who has no session is allowed too
	Proved   bool     `json:"proved"`   // looked up in what is decided, not in the table
	// Missing: the subject is none of them, whatever changes.
	Missing bool         `json:"missing"`
	Text    tables.Texts `json:"text"`
}

// A Holder is a role, and how far it reaches.
type Holder struct {
	Role  string   `json:"role"`
	Reach []string `json:"reach"`
}

// Budgets of situations that are looked at. A diagram answers in a microsecond, and an
// interpreter in a millisecond.
const (
	diagramBudget = 100_000
	askBudget     = 4_000
)

// advise fills in what would help, and who has the right.
func (b *Book) advise(ctx context.Context, x *Explanation, document map[string]any) error {
	found, err := b.search(ctx, document)
	if err != nil {
		return err
	}
	x.Advice = b.told(found)
	for _, set := range found.Sets {
		var titles []string
		for _, r := range set.Changes {
			titles = append(titles, r.Title.In(pdp.Languages()[0]))
		}
		x.Remedies = append(x.Remedies, titles)
	}
	x.Right = b.right(ctx, document)
	return nil
}

// search finds the smallest sets in the diagram, and where there is none, or the book
// does not confirm what it says, by asking about one input after another.
func (b *Book) search(ctx context.Context, document map[string]any) (found *remedy.Advice, err error) {
	unproved := b.diagram.use(ctx, func(d *diagram) error {
		ways, err := d.judge.Allows(ctx, &remedy.Situation{Document: document})
		if err != nil {
			return err
		}
		if len(ways) > 0 {
			return errDisagree
		}
		s := remedy.Search{Rows: b.advice.Remedies, Judge: &d.judge, Budget: diagramBudget, Exact: true}
		found, err = s.Find(ctx, document)
		return err
	})
	if unproved == nil {
		unproved = b.confirm(ctx, document, found)
	}
	if unproved == nil || ctx.Err() != nil {
		return found, ctx.Err()
	}
	s := remedy.Search{Rows: b.advice.Remedies, Judge: b.judge(), Budget: askBudget}
	if found, err = s.Find(ctx, document); err != nil {
		return nil, err
	}
	found.Unproved = unproved.Error()
	return found, nil
}

func (b *Book) judge() remedy.Ask {
	return func(ctx context.Context, document map[string]any) (bool, error) {
		d, err := b.ask(ctx, document)
		return d.Allow, err
	}
}

// confirm asks the book about every set that was found.
func (b *Book) confirm(ctx context.Context, document map[string]any, found *remedy.Advice) error {
	for i := range found.Sets {
		ok, err := b.judge().Confirm(ctx, document, &found.Sets[i])
		if err != nil {
			return fmt.Errorf("ask about what was found: %w", err)
		}
		if !ok {
			return errDisagree
		}
	}
	return nil
}

// errDisagree: what is found in the diagram has to be what the rule book decides.
var errDisagree = errors.New("the rule book does not allow what its diagram does; that is a fault of the analysis")

// told puts what was found into words.
func (b *Book) told(found *remedy.Advice) *Advice {
	a := &Advice{Advice: *found, Sets: []Set{}}
	for _, set := range found.Sets {
		one := Set{Text: tables.Texts{}}
		for _, r := range set.Changes {
			one.Changes = append(one.Changes, Change{r.Title, r.Set})
		}
		for _, way := range set.If {
			var members []Member
			for _, m := range way {
				members = append(members, Member{m.Path, m.Values, b.texted(m.Path, m.Values)})
			}
			one.If = append(one.If, members)
		}
		for _, language := range pdp.Languages() {
			one.Text[language] = b.sentence(&one, language)
		}
		a.Sets = append(a.Sets, one)
	}
	if found.Outcome != remedy.Changes {
		a.Text = b.advice.Said[string(found.Outcome)]
	}
	if !found.Proved {
		a.Doubt = b.advice.Said["unproved"]
	}
	return a
}

// texted tells of values, by language.
func (b *Book) texted(path string, values []any) tables.Texts {
	all := tables.Texts{}
	for _, language := range pdp.Languages() {
		var words []string
		for _, v := range values {
			text := b.advice.Words[path][fmt.Sprint(v)].In(language)
			if text == "" {
				text = fmt.Sprintf("%s = %v", strings.ReplaceAll(path[1:], "/", "."), v)
			}
			words = append(words, text)
		}
		all[language] = strings.Join(words, b.said("disjunction", language))
	}
	return all
}

func (b *Book) said(name, language string) string { return b.advice.Said[name].In(language) }

// sentence is "logging in, and a step-up, if the role is doctor and …; or …".
func (b *Book) sentence(s *Set, language string) string {
	var titles []string
	for _, c := range s.Changes {
		titles = append(titles, c.Title.In(language))
	}
	text := strings.Join(titles, b.said("and_title", language))
	for i, way := range s.If {
		var members []string
		for _, m := range way {
			one := m.Text.In(language)
			if len(m.Values) > 1 && len(way) > 1 {
				one = "(" + one + ")"
			}
			members = append(members, one)
		}
		joint := b.said("if", language)
		if i > 0 {
			joint = b.said("or_if", language)
		}
		text += joint + strings.Join(members, b.said("conjunction", language))
	}
	return text
}

// right says who has the right to an action, by the diagram or else by the table.
func (b *Book) right(ctx context.Context, document map[string]any) *Right {
	action, _ := input.At(document, "/action/name").(string)
	resource, _ := input.At(document, "/resource/type").(string)
	role, _ := input.At(document, "/subject/properties/role").(string)
	name, cells, known := b.candidate.Book().Tables.Right(action)
	if !known {
		return nil
	}
	r := &Right{Name: name, Roles: []Holder{}}
	roles := b.candidate.Book().Tables.House.Roles.Names()
	err := b.diagram.use(ctx, func(d *diagram) error {
		list, stranger := d.holders(action, resource, roles)
		r.Roles, r.Stranger = append(r.Roles, list...), stranger
		return nil
	})
	if r.Proved = err == nil; !r.Proved {
		for _, one := range roles {
			if reach := cells[one]; reach != "" {
				r.Roles = append(r.Roles, Holder{one, []string{reach}})
			}
		}
		r.Stranger = len(cells) > 0 && cells["anyone"] != ""
	}
	r.Missing = !r.Stranger && !slices.ContainsFunc(r.Roles, func(h Holder) bool { return h.Role == role })
	r.Text = b.holding(r)
	return r
}

// holding tells who has a right.
func (b *Book) holding(r *Right) tables.Texts {
	all := tables.Texts{}
	for _, language := range pdp.Languages() {
		var names []string
		for _, h := range r.Roles {
			name := b.named("role", h.Role, language)
			var reach []string
			for _, one := range h.Reach {
				reach = append(reach, b.named("reach", one, language))
			}
			if len(reach) > 0 {
				name += " (" + strings.Join(reach, ", ") + ")"
			}
			names = append(names, name)
		}
		if r.Stranger {
			names = append(names, b.said("stranger", language))
		}
		all[language] = b.said("right_of", language) + ": " + strings.Join(names, ", ")
		if len(names) == 0 {
			all[language] = b.said("right_of_no_role", language)
		}
	}
	return all
}

// named is how a role, or how far one reaches, is told; as it stands in the tables where
// they do not say.
func (b *Book) named(kind, word, language string) string {
	if text := b.advice.Rights[kind][word].In(language); text != "" {
		return text
	}
	return word
}

// texts are what people are told of each reason.
func (b *Book) texts(reasons []string) map[string]tables.Texts {
	all := map[string]tables.Texts{}
	for _, code := range reasons {
		if row, known := b.candidate.Book().Tables.House.Reasons[code]; known {
			all[code] = tables.Texts(row.Text)
		}
	}
	return all
}

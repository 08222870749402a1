package prove

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/rows"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
	"github.com/wardgate/wardgate/pdp/engine/verdicts"
	"github.com/wardgate/wardgate/pip"
)

// first are the members that diagrams ask for before all others: most rules are
// about an action and a role. What the assumptions relate to each other stands
// together, because a diagram has to remember of a member what a later one depends on.
var first = []string{
	"action.name", "subject.properties.role", "subject.type",
	"context.credential.state", "context.credential.presented",
	"context.location.drift", "context.location.travel", "context.location.claimed_drift", "context.location.claimed_travel",
	"context.log_in.familiar", "context.log_in.factor", "context.log_in.failures",
	"context.caller.kind", "context.caller.name", "context.claims.purpose", "context.claims.elevation",
	"context.device.match", "context.device.state",
	"context.credential.factors", "context.credential.elevation", "context.credential.acr", "context.credential.amr",
	"context.revocation.session", "subject.id", "context.revocation.subject", "context.revocation.step_up",
	"subject.properties.account", "context.care.state",
	"subject.properties.staff", "context.care.treats", "subject.properties.patient", "context.care.own",
	"subject.properties.department", "context.care.same_department",
}

// spaceOf is the input of some rule books: everything that the layout of one of
// them lets stand there, and absence; the fields of a row; and what the sentinel
// is asked about.
func spaceOf(books []*Book) *symbolic.Space {
	members := map[string]*pip.Member{}
	var order []string
	for _, b := range books {
		b.loaded.Layout.Sections(func(path string, s *pip.Section) {
			for _, m := range s.Members {
				name := path + "." + m.Name
				if known := members[name]; known != nil {
					known.Words = append(slices.Clone(known.Words), m.Words...)
					continue
				}
				members[name] = &m
				order = append(order, name)
			}
		})
	}
	slices.SortStableFunc(order, func(a, b string) int { return rank(a) - rank(b) })
	space := symbolic.NewSpace()
	for _, name := range order {
		switch m := members[name]; {
		case m.Type == pip.TypeBoolean:
			space.Closed(name, ast.BooleanTerm(false), ast.BooleanTerm(true))
		case len(m.Words) > 0:
			space.Closed(name, texts(m.Words...)...)
		default:
			space.Text(name)
		}
	}
	for _, field := range rows.Fields {
		space.Text(field)
	}
	for _, b := range books {
		behaviour(space, b.loaded.Behaviour)
	}
	return space
}

func rank(path string) int {
	if i := slices.Index(first, path); i >= 0 {
		return i
	}
	return len(first)
}

func texts(words ...string) []*ast.Term {
	list := make([]*ast.Term, len(words))
	for i, w := range words {
		list[i] = ast.StringTerm(w)
	}
	return list
}

// behaviour adds what the sentinel's rules read.
func behaviour(space *symbolic.Space, judge *verdicts.Judge) {
	for _, m := range judge.Members() {
		if space.Find(m.Path) >= 0 {
			continue
		}
		var values []*ast.Term
		for _, v := range m.Values {
			values = append(values, ast.NewTerm(ast.MustInterfaceToValue(v)))
		}
		space.Closed(m.Path, values...)
	}
}

// blank is what stands at a member of an input about which nothing is known; nil
// for what is not there then.
func (b *Book) blank() func(path string) *ast.Term {
	known := map[string]*ast.Term{}
	b.loaded.Layout.Sections(func(path string, s *pip.Section) {
		for _, m := range s.Members {
			switch name := path + "." + m.Name; m.Type {
			case pip.TypeBoolean:
				known[name] = ast.BooleanTerm(false)
			case pip.TypeWord:
				known[name] = ast.StringTerm(m.Words[0])
			case pip.TypeText:
				known[name] = ast.StringTerm("")
			}
		}
	})
	return func(path string) *ast.Term { return known[path] }
}

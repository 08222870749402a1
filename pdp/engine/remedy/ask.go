package remedy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/wardgate/wardgate/pdp/engine/input"
)

// An Ask judges by asking a book about one input after another.
type Ask func(ctx context.Context, document map[string]any) (allow bool, err error)

var _ Judge = Ask(nil)

// maxAsked is how many inputs one situation may be.
const maxAsked = 4096

var errManyTurns = errors.New("too much may turn out here to ask about all of it")

// Allows implements Judge.
func (ask Ask) Allows(ctx context.Context, s *Situation) ([][]Member, error) {
	inputs := 1
	for _, t := range s.Open {
		if inputs *= len(t.All); inputs > maxAsked {
			return nil, errManyTurns
		}
	}
	t, err := ask.tree(ctx, s, s.paths(), input.Clone(s.Document))
	if err != nil {
		return nil, err
	}
	return t.ways(nil), nil
}

// A tree is a decision diagram without shared parts: it asks for a path, and goes on
// by groups of values that lead to the same. A tree without a path is an answer.
type tree struct {
	path   string
	groups []group
	yes    bool
}

type group struct {
	values []any
	then   *tree
}

func (ask Ask) tree(ctx context.Context, s *Situation, paths []string, document map[string]any) (*tree, error) {
	if len(paths) == 0 {
		yes, err := ask(ctx, document)
		return &tree{yes: yes}, err
	}
	t := &tree{path: paths[0]}
	for _, v := range s.Open[t.path].All {
		next := &tree{}
		if contains(s.Open[t.path].Needed, v) {
			input.Set(document, steps(t.path), v)
			var err error
			if next, err = ask.tree(ctx, s, paths[1:], document); err != nil {
				return nil, err
			}
		}
		same := slices.IndexFunc(t.groups, func(g group) bool { return g.then.String() == next.String() })
		if same < 0 {
			t.groups = append(t.groups, group{nil, next})
			same = len(t.groups) - 1
		}
		t.groups[same].values = append(t.groups[same].values, v)
	}
	if len(t.groups) == 1 {
		return t.groups[0].then, nil
	}
	return t, nil
}

// String is the same for trees that answer alike.
func (t *tree) String() string {
	if t.path == "" {
		return fmt.Sprint(t.yes)
	}
	text := "(" + t.path
	for _, g := range t.groups {
		text += fmt.Sprint(g.values, g.then)
	}
	return text + ")"
}

func (t *tree) ways(before []Member) (list [][]Member) {
	if t.path == "" {
		if t.yes {
			list = append(list, append([]Member{}, before...))
		}
		return list
	}
	for _, g := range t.groups {
		list = append(list, g.then.ways(append(slices.Clip(before), Member{t.path, g.values}))...)
		list = list[:min(len(list), maxWays)]
	}
	return list
}

func contains(values []any, v any) bool { return slices.Contains(values, v) }

// Confirm reports whether the book allows what was found: an input for every value of
// every alternative.
func (ask Ask) Confirm(ctx context.Context, document map[string]any, set *Set) (bool, error) {
	s, err := after(document, set.Changes)
	if err != nil {
		return false, err
	}
	ways := set.If
	if len(ways) == 0 {
		ways = [][]Member{nil}
	}
	for _, way := range ways {
		first := input.Clone(s.Document)
		for _, m := range way {
			input.Set(first, steps(m.Path), m.Values[0])
		}
		if allow, err := ask(ctx, first); err != nil || !allow {
			return false, err
		}
		for _, m := range way {
			for _, v := range m.Values[1:] {
				other := input.Clone(first)
				input.Set(other, steps(m.Path), v)
				if allow, err := ask(ctx, other); err != nil || !allow {
					return false, err
				}
			}
		}
	}
	return true, nil
}

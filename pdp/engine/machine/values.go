package machine

import (
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
)

// lookup returns the member of v at key, nil when there is none. A set has its
// elements as keys.
func lookup(v ast.Value, key *ast.Term) *ast.Term {
	switch v := v.(type) {
	case ast.Object:
		return v.Get(key)
	case *ast.Array:
		return v.Get(key)
	case ast.Set:
		if v.Contains(key) {
			return key
		}
	}
	return nil
}

// length is the number of members, -1 for what has none.
func length(v ast.Value) int {
	switch v := v.(type) {
	case ast.Object:
		return v.Len()
	case *ast.Array:
		return v.Len()
	case ast.Set:
		return v.Len()
	case ast.String:
		return len(v)
	default:
		return -1
	}
}

// each yields keys and values until yield returns false.
func each(v ast.Value, yield func(key, value *ast.Term) bool) {
	switch v := v.(type) {
	case ast.Object:
		v.Until(func(key, value *ast.Term) bool { return !yield(key, value) })
	case *ast.Array:
		for i := range v.Len() {
			if !yield(ast.InternedTerm(i), v.Elem(i)) {
				return
			}
		}
	case ast.Set:
		v.Until(func(value *ast.Term) bool { return !yield(value, value) })
	}
}

func equal(a, b *ast.Term) bool {
	if a == b {
		return true
	}
	if x, ok := a.Value.(ast.String); ok {
		y, ok := b.Value.(ast.String)
		return ok && x == y
	}
	return a.Value.Compare(b.Value) == 0
}

func isFalse(t *ast.Term) bool {
	b, ok := t.Value.(ast.Boolean)
	return ok && !bool(b)
}

func number(text string) *ast.Term {
	if i, err := strconv.Atoi(text); err == nil && strconv.Itoa(i) == text {
		return ast.InternedTerm(i)
	}
	return ast.NewTerm(ast.Number(text))
}

package machine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator writes small rule books in the shape of policies/authz, and
// inputs for them. One seed gives one book: what fails can be made again.
type generator struct {
	*rand.Rand
	helpers   int
	functions int
	vars      int
}

var words = []string{"a", "b", "c", "", "fresh", "k"}

var places = []string{
	"input.subject.id", "input.subject.role", "input.action.name", "input.resource.id", "input.resource.type",
	"input.context.care.state", "input.context.care.own", "input.context.list", "input.context.map", "input.n",
	"input.context", "input.subject", "input.absent",
}

func (g *generator) of(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) word() string { return fmt.Sprintf("%q", words[g.IntN(len(words))]) }

// place prefers single members, as rules do.
func (g *generator) place() string { return places[min(g.IntN(len(places)), g.IntN(len(places)+4))] }

func (g *generator) fresh() string {
	g.vars++
	return fmt.Sprintf("v%d", g.vars)
}

// aHelper asks one of the helpers that may be asked here.
func (g *generator) aHelper() string {
	if g.helpers == 0 {
		return g.place()
	}
	return fmt.Sprintf("_h%d", g.IntN(g.helpers))
}

func (g *generator) aCall(x string) string {
	if g.functions == 0 {
		return "lower(" + x + ")"
	}
	return fmt.Sprintf("_f%d(%s)", g.IntN(g.functions), x)
}

// set is a constant set of texts, now and then of something else too.
func (g *generator) set() string {
	var list []string
	for range 1 + g.IntN(3) {
		list = append(list, g.word())
	}
	if g.IntN(8) == 0 {
		list = append(list, g.of("1", "true", "null", `["a"]`))
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// value is an expression that may be undefined.
func (g *generator) value(depth int) string {
	if depth <= 0 || g.IntN(3) == 0 {
		return g.of(g.place(), g.place(), g.place(), g.word(), "ask.right", "ask.reach", "tables.level", "1", "true", "false", "null")
	}
	inner := func() string { return g.value(depth - 1) }
	switch g.IntN(16) {
	case 0:
		return fmt.Sprintf("tables.actions[%s].right", inner())
	case 1:
		return fmt.Sprintf("tables.rights[%s][%s]", inner(), inner())
	case 2:
		return g.aCall(inner())
	case 3:
		return g.aHelper()
	case 4:
		return fmt.Sprintf("{%q: %s, %q: %s}", "a", inner(), "b", inner())
	case 5:
		return fmt.Sprintf("[%s, %s]", inner(), inner())
	case 6:
		return fmt.Sprintf("{%s, %s}", inner(), inner())
	case 7:
		return fmt.Sprintf("object.get(%s, %s, %s)", g.of("tables.actions", "tables.rights", "{}", "input.context"), inner(), inner())
	case 8:
		return fmt.Sprintf("sprintf(%q, [%s])", "%v", inner())
	case 9:
		return fmt.Sprintf("%s[%s]", g.of("input.context", "input.context.map", "input.context.list", "input", "tables.list"), inner())
	case 10:
		x := g.fresh()
		return fmt.Sprintf("{%s | some %s in %s; %s}", x, x, inner(), g.test(depth-1, x))
	case 11:
		x := g.fresh()
		return fmt.Sprintf("[%s | some %s in %s; %s]", x, x, inner(), g.test(depth-1, x))
	case 12:
		x, k := g.fresh(), g.fresh()
		return fmt.Sprintf("{%s: %s | some %s, %s in %s}", k, g.of(x, inner()), k, x, inner())
	case 13:
		return fmt.Sprintf("(%s in %s)", inner(), g.of(g.set(), inner()))
	case 14:
		if g.functions == 0 {
			return g.place()
		}
		return fmt.Sprintf("_m%d[%s]", g.IntN(2), inner())
	default:
		return fmt.Sprintf("count(%s)", inner())
	}
}

// test is one line of a body that speaks of a variable.
func (g *generator) test(depth int, x string) string {
	switch g.IntN(6) {
	case 0:
		return fmt.Sprintf("%s == %s", x, g.value(depth))
	case 1:
		return fmt.Sprintf("%s != %s", x, g.value(depth))
	case 2:
		return fmt.Sprintf("not %s == %s", x, g.value(depth))
	case 3:
		return fmt.Sprintf("%s in %s", x, g.set())
	case 4:
		return fmt.Sprintf("not %s in %s", x, g.set())
	default:
		return x
	}
}

func (g *generator) line(depth int) string {
	v := func() string { return g.value(depth) }
	switch g.IntN(20) {
	case 0, 1, 2:
		return fmt.Sprintf("%s == %s", g.place(), g.word())
	case 3:
		return fmt.Sprintf("not %s == %s", g.place(), g.word())
	case 4:
		return fmt.Sprintf("%s in %s", g.place(), g.set())
	case 5:
		return fmt.Sprintf("not %s in %s", g.place(), g.set())
	case 6:
		return fmt.Sprintf("%s != %s", v(), v())
	case 7:
		return fmt.Sprintf("%s == %s", v(), v())
	case 8:
		return "not " + v()
	case 9:
		return v()
	case 10:
		x := g.fresh()
		return fmt.Sprintf("some %s in %s\n\t%s", x, v(), g.test(depth, x))
	case 11:
		k, x := g.fresh(), g.fresh()
		return fmt.Sprintf("some %s, %s in %s\n\t%s\n\t%s", k, x, g.of(v(), "tables.actions", "tables.rights", "input.context"), g.test(depth, k), g.test(depth, x))
	case 12:
		x := g.fresh()
		return fmt.Sprintf("every %s in %s {\n\t\t%s\n\t}", x, v(), g.test(depth, x))
	case 13:
		x := g.fresh()
		return fmt.Sprintf("%s := %s\n\t%s", x, v(), g.test(depth, x))
	case 14:
		return fmt.Sprintf("not %s == %s", v(), v())
	case 15:
		x := g.fresh()
		return fmt.Sprintf("[%s, %s] = %s\n\t%s", x, g.of(g.word(), "_"), v(), g.test(depth, x))
	case 16:
		x := g.fresh()
		return fmt.Sprintf("{%q: %s} = %s\n\t%s", g.of("a", "b", "state"), x, v(), g.test(depth, x))
	case 17:
		x := g.fresh()
		return fmt.Sprintf("some %s\n\t%s[%s] == %s", x, g.of("input.context.list", "input.context.map", "input.context.care", "tables.list", "input.subject"), x, v())
	case 18:
		return g.aHelper()
	default:
		return "not " + g.aHelper()
	}
}

func (g *generator) body(depth int) string {
	var b strings.Builder
	b.WriteString("{\n")
	for range 1 + g.IntN(3) {
		fmt.Fprintf(&b, "\t%s\n", g.line(depth))
	}
	b.WriteString("}")
	return b.String()
}

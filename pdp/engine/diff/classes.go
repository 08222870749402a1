package diff

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/conditions"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// So many classes of one effect are told apart; where there would be more, one says
// what changes in some of its situations. Denials for other reasons matter less.
const (
	maxClasses  = 24
	maxReworded = 6
	maxRows     = 24 // of conditions of one class
)

// A region is inputs in which the same changes.
type region struct {
	where        symbolic.Node
	gained, lost []string
	some         []string
}

// A split is what some roots gain or lose together.
type split struct {
	names        []string
	gained, lost symbolic.Node
}

// A group is inputs of which the decisions of both books are known.
type group struct {
	effect, within string
	base           symbolic.Node
	whole          bool     // all of its inputs change
	split          []string // kinds of roots by which its classes are told apart
	told           []string // and those that are told of each
	most           int
}

// groups are all inputs, by what both books decide.
func (c *comparison) groups() []group {
	d := c.d
	allowed := func(n symbolic.Node) symbolic.Node { return d.And(c.possible, n) }
	denied := func(n symbolic.Node) symbolic.Node { return d.And(c.possible, d.Not(n)) }
	return []group{
		{NewlyAllowed, AllowedByNew, d.And(denied(c.oldAllows), c.newAllows), true, []string{"obligation"}, []string{"reason", "failure"}, maxClasses},
		{NewlyDenied, AllowedByOld, d.And(denied(c.newAllows), c.oldAllows), true, []string{"obligation"}, []string{"reason", "failure"}, maxClasses},
		{"", AllowedByBoth, d.And(allowed(c.oldAllows), c.newAllows), false, []string{"obligation", "reached"}, []string{"grant", "right", "reach"}, maxClasses},
		{DeniedOtherwise, DeniedByBoth, d.And(denied(c.oldAllows), d.Not(c.newAllows)), false, []string{"reason", "obligation", "failure"}, nil, maxReworded},
		{VerdictsChanged, OfSentinel, c.behaviour, false, []string{"verdict"}, nil, maxClasses},
	}
}

// inputs are those within which the situations of a class are told.
func (c *comparison) inputs(within string) symbolic.Node {
	d := c.d
	switch within {
	case AllowedByNew:
		return d.And(c.possible, c.newAllows)
	case AllowedByOld:
		return d.And(c.possible, c.oldAllows)
	case AllowedByBoth:
		return d.And(c.possible, d.And(c.oldAllows, c.newAllows))
	case DeniedByBoth:
		return d.And(c.possible, d.Not(d.Or(c.oldAllows, c.newAllows)))
	case OfSentinel:
		return c.behaviour
	}
	return c.possible
}

// classes finds all situations in which an answer changes, by what changes.
func (c *comparison) classes(ctx context.Context) error {
	seen := symbolic.No
	for _, g := range c.groups() {
		for _, r := range c.regions(&g) {
			if g.effect != VerdictsChanged {
				seen = c.d.Or(seen, r.where)
			}
			if err := c.class(ctx, g.effect, g.within, r); err != nil {
				return err
			}
		}
	}
	if err := c.unseen(ctx, seen); err != nil {
		return err
	}
	slices.SortStableFunc(c.report.Classes, func(a, b Class) int {
		return cmp.Or(cmp.Compare(slices.Index(effects, a.Effect), slices.Index(effects, b.Effect)),
			compareTexts(strings.Join(a.Actions, " "), strings.Join(b.Actions, " "), a.ID, b.ID))
	})
	return nil
}

// unseen are the situations in which terms differ that no class has shown: rows
// and columns of what is denied, and obligations that are put together otherwise.
func (c *comparison) unseen(ctx context.Context, seen symbolic.Node) error {
	d := c.d
	rest, arranged := symbolic.No, symbolic.No
	for _, r := range c.terms {
		differs := d.And(d.And(c.possible, d.Not(seen)), c.exclusive(r.old, r.new))
		switch {
		case strings.HasPrefix(r.name, "verdict "):
		case strings.HasPrefix(r.name, "context.obligations "):
			arranged = d.Or(arranged, differs)
		default:
			rest = d.Or(rest, differs)
		}
	}
	if arranged != symbolic.No {
		r := region{where: arranged, some: []string{"the same properties stand in other obligations"}}
		if err := c.class(ctx, DutiesChanged, All, r); err != nil {
			return err
		}
	}
	g := group{base: d.And(rest, d.Not(arranged)), whole: true, split: []string{"rows", "column"}, most: maxReworded}
	for _, r := range c.regions(&g) {
		if err := c.class(ctx, Unseen, All, r); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) exclusive(a, b symbolic.Node) symbolic.Node {
	return c.d.Or(c.d.And(a, c.d.Not(b)), c.d.And(b, c.d.Not(a)))
}

// splits are what changes within some inputs, of some kinds of roots.
func (c *comparison) splits(within symbolic.Node, kinds []string) (list []split) {
	at := map[[2]symbolic.Node]int{}
	for _, name := range c.names {
		kind, _, _ := strings.Cut(name, " ")
		r := c.roots[name]
		if r.old == r.new || !slices.Contains(kinds, kind) {
			continue
		}
		gained := c.d.And(within, c.d.And(r.new, c.d.Not(r.old)))
		lost := c.d.And(within, c.d.And(r.old, c.d.Not(r.new)))
		key := [2]symbolic.Node{gained, lost}
		if gained == symbolic.No && lost == symbolic.No {
			continue
		}
		i, known := at[key]
		if !known {
			i, at[key] = len(list), len(list)
			list = append(list, split{gained: gained, lost: lost})
		}
		list[i].names = append(list[i].names, name)
	}
	return list
}

// regions takes the inputs of a group apart by what changes in them.
func (c *comparison) regions(g *group) []region {
	base, splits := g.base, c.splits(g.base, g.split)
	told := c.splits(g.base, g.told)
	if !g.whole {
		base = symbolic.No
		for _, s := range slices.Concat(splits, told) {
			base = c.d.Or(base, c.d.Or(s.gained, s.lost))
		}
	}
	if base == symbolic.No {
		return nil
	}
	list, ok := c.apart(base, splits, g.most)
	if !ok {
		told = slices.Concat(splits, told)
		if list, ok = c.apart(base, c.directions(splits), g.most); !ok {
			list = []region{{where: base}}
		}
		for i := range list {
			list[i].gained, list[i].lost = nil, nil
		}
	}
	for i := range list {
		c.tell(&list[i], told)
	}
	return list
}

// tell notes what changes in all of a region, and in some of it.
func (c *comparison) tell(r *region, splits []split) {
	for _, s := range splits {
		for _, side := range []struct {
			where symbolic.Node
			sign  string
			all   *[]string
		}{{s.gained, "+", &r.gained}, {s.lost, "-", &r.lost}} {
			switch c.d.And(r.where, side.where) {
			case symbolic.No:
			case r.where:
				*side.all = append(slices.Clone(*side.all), s.names...)
			default:
				for _, name := range s.names {
					r.some = append(r.some, side.sign+name)
				}
			}
		}
	}
	slices.Sort(r.some)
}

// apart is false when there are more regions than most.
func (c *comparison) apart(base symbolic.Node, splits []split, most int) ([]region, bool) {
	list := []region{{where: base}}
	for _, s := range splits {
		var next []region
		for _, r := range list {
			gained, lost := c.d.And(r.where, s.gained), c.d.And(r.where, s.lost)
			rest := c.d.And(r.where, c.d.Not(c.d.Or(gained, lost)))
			if gained != symbolic.No {
				next = append(next, region{where: gained, gained: append(slices.Clone(r.gained), s.names...), lost: r.lost})
			}
			if lost != symbolic.No {
				next = append(next, region{where: lost, gained: r.gained, lost: append(slices.Clone(r.lost), s.names...)})
			}
			if rest != symbolic.No {
				next = append(next, region{where: rest, gained: r.gained, lost: r.lost})
			}
		}
		if list = next; len(list) > most {
			return nil, false
		}
	}
	return list, true
}

func everyRoot(string) bool { return true }

// directions are two splits: whether some duty is lost, and whether one is gained.
func (c *comparison) directions(splits []split) []split {
	loose, strict := c.guards(splits, everyRoot)
	return []split{{gained: loose}, {gained: strict}}
}

// guards are where the new book holds less back, and where more, by the roots that count.
func (c *comparison) guards(splits []split, counts func(root string) bool) (looser, stricter symbolic.Node) {
	for _, s := range splits {
		for _, name := range s.names {
			if !counts(name) {
				continue
			}
			switch kind, _, _ := strings.Cut(name, " "); kind {
			case "obligation":
				looser, stricter = c.d.Or(looser, s.lost), c.d.Or(stricter, s.gained)
			case "reached":
				looser, stricter = c.d.Or(looser, s.gained), c.d.Or(stricter, s.lost)
			}
		}
	}
	return looser, stricter
}

// class writes a region down, with an example that OPA confirms.
func (c *comparison) class(ctx context.Context, effect, within string, r region) error {
	if effect == "" {
		effect = effectOf(&r)
	}
	one := Class{Effect: effect, Change: changeOf(effect, &r), Gained: prove.Told(r.gained), Lost: prove.Told(r.lost), Some: toldSome(r.some), Within: within}
	if effect != VerdictsChanged {
		one.Actions = c.values("action.name", r.where)
		one.Roles = c.values("subject.properties.role", r.where)
	}
	one.Where, one.Partly = c.where(r.where, c.inputs(within))
	identity := append([]string{one.Effect, one.Within, strings.Join(one.Gained, "\n"), strings.Join(one.Lost, "\n"), strings.Join(one.Some, "\n")}, texts(one.Where)...)
	if one.Partly {
		identity = append(identity, c.d.Digest(r.where))
	}
	one.ID = digest(identity...)
	one.Places = c.placesOf(&one)
	var err error
	if one.Example, err = c.example(ctx, effect, r); err != nil {
		return err
	}
	if one.Examples, err = c.examples(ctx, effect, &r); err != nil {
		return err
	}
	c.report.Classes = append(c.report.Classes, one)
	return nil
}

func texts(rows []conditions.Row) []string {
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = r.String()
	}
	return list
}

func toldSome(signed []string) (list []string) {
	for _, sign := range []string{"+", "-"} {
		var names []string
		for _, s := range signed {
			if name, ok := strings.CutPrefix(s, sign); ok {
				names = append(names, name)
			}
		}
		for _, name := range prove.Told(names) {
			list = append(list, sign+name)
		}
	}
	for _, s := range signed {
		if !strings.HasPrefix(s, "+") && !strings.HasPrefix(s, "-") {
			list = append(list, s)
		}
	}
	return list
}

// values are those of a member that occur in a region.
func (c *comparison) values(member string, where symbolic.Node) (list []string) {
	i := c.Space.Find(member)
	for n := range c.Space.Variables()[i].Values {
		if c.writer.Can(i, n) && c.d.And(where, c.d.Is(i, n)) != symbolic.No {
			list = append(list, c.writer.Value(i, n))
		}
	}
	return list
}

// keep are the members that rows name in any case.
var keep = []string{"action.name", "subject.properties.role", "context.location.place", "context.credential.elevation"}

// where writes a region in rows: among the inputs within, exactly those of the region
// are as one of the rows says. Where these would be too many they say less, which is
// said.
func (c *comparison) where(where, within symbolic.Node) (list []conditions.Row, partly bool) {
	cubes, ok := c.d.Cover(where, c.d.Or(where, c.d.Not(within)), maxRows)
	for n := len(keep); !ok; n-- {
		kept := keep[:max(n, 0)]
		less := c.d.Some(where, func(v int) bool { return !slices.Contains(kept, c.Space.Variables()[v].Path) })
		cubes, ok = c.d.Cover(less, c.d.Or(less, c.d.Not(within)), maxRows)
		partly = true
	}
	for _, cube := range cubes {
		list = append(list, c.writer.Row(c.narrowed(cube, where)))
	}
	return list, partly
}

// narrowed is a cube with the values alone that it is about, and with the actions and
// roles: what others would make no difference is not for the reader.
func (c *comparison) narrowed(cube symbolic.Cube, where symbolic.Node) symbolic.Cube {
	about := c.d.And(where, c.d.Cube(cube))
	var list symbolic.Cube
	first := []int{c.Space.Find("action.name"), c.Space.Find("subject.properties.role")}
	for _, i := range first {
		list = append(list, symbolic.Literal{Variable: i})
	}
	for _, l := range cube {
		if !slices.Contains(first, l.Variable) {
			list = append(list, symbolic.Literal{Variable: l.Variable})
		}
	}
	for i := range list {
		for n := range c.Space.Variables()[list[i].Variable].Values {
			if c.d.And(about, c.d.Is(list[i].Variable, n)) != symbolic.No {
				list[i].Values = append(list[i].Values, n)
			}
		}
	}
	return list
}

// digest names what is made of some texts.
func digest(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		_, _ = h.Write([]byte(t + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// compareTexts compares pairs of texts, the first that differs deciding.
func compareTexts(pairs ...string) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if n := strings.Compare(pairs[i], pairs[i+1]); n != 0 {
			return n
		}
	}
	return 0
}

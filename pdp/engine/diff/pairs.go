package diff

import (
	"context"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// pairs compares both books for every action and role.
func (c *comparison) pairs(ctx context.Context) error {
	looser, stricter := c.moves()
	differs := symbolic.No
	for _, r := range c.terms {
		if !strings.HasPrefix(r.name, "verdict ") {
			differs = c.d.Or(differs, c.differs(r))
		}
	}
	action, role := c.Space.Find("action.name"), c.Space.Find("subject.properties.role")
	for a := range c.Space.Variables()[action].Values {
		for r := range c.Space.Variables()[role].Values {
			if !c.writer.Can(action, a) || !c.writer.Can(role, r) {
				continue
			}
			in := func(n symbolic.Node) bool { return c.d.Fix(c.d.Fix(n, action, a), role, r) != symbolic.No }
			p := Pair{Action: c.writer.Value(action, a), Role: c.writer.Value(role, r), AnswersDiffer: in(differs)}
			switch up, down := in(looser), in(stricter); {
			case up && down:
				p.Change = Incomparable
			case up:
				p.Change = Looser
			case down:
				p.Change = Stricter
			default:
				p.Change = Equal
			}
			c.report.Actions = append(c.report.Actions, p)
		}
	}
	slices.SortFunc(c.report.Actions, func(a, b Pair) int { return compareTexts(a.Action, b.Action, a.Role, b.Role) })
	return ctx.Err()
}

// differs is for which possible inputs one of the books says something alone.
func (c *comparison) differs(r *root) symbolic.Node {
	return c.d.And(c.possible, c.exclusive(r.old, r.new))
}

// moves are where the new book allows more, or holds less back of what both allow, or
// does less to who is denied, and the other way round.
func (c *comparison) moves() (looser, stricter symbolic.Node) {
	d := c.d
	both := d.And(c.possible, d.And(c.oldAllows, c.newAllows))
	looser, stricter = c.guards(c.splits(both, []string{"obligation", "reached"}), everyRoot)
	denied := d.And(c.possible, d.Not(both))
	less, more := c.guards(c.splits(denied, []string{"obligation"}), ofDenials)
	looser, stricter = d.Or(looser, less), d.Or(stricter, more)
	looser = d.Or(looser, d.And(c.possible, d.And(c.newAllows, d.Not(c.oldAllows))))
	stricter = d.Or(stricter, d.And(c.possible, d.And(c.oldAllows, d.Not(c.newAllows))))
	return looser, stricter
}

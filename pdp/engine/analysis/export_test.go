package analysis

import (
	"context"

	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/remedy"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
)

// Remedies are the rows of the book's table.
func (b *Book) Remedies() []tables.Remedy { return b.advice.Remedies }

// ByAsking is what a search finds that asks about one input after another.
func (b *Book) ByAsking(document map[string]any, budget int) (*remedy.Advice, error) {
	s := remedy.Search{Rows: b.advice.Remedies, Judge: b.judge(), Budget: budget}
	return s.Find(context.Background(), document)
}

// ByDiagram is what a search in the diagram finds.
func (b *Book) ByDiagram(document map[string]any) (found *remedy.Advice, err error) {
	err = b.diagram.use(context.Background(), func(d *diagram) (err error) {
		s := remedy.Search{Rows: b.advice.Remedies, Judge: &d.judge, Budget: diagramBudget, Exact: true}
		found, err = s.Find(context.Background(), document)
		return err
	})
	return found, err
}

// Spoil puts another function in the place of what the diagram allows.
func (b *Book) Spoil(f func(*symbolic.Space, *symbolic.Diagrams) symbolic.Node) error {
	return b.diagram.use(context.Background(), func(d *diagram) error {
		d.judge.Allow = f(d.judge.Space, d.judge.Diagrams)
		return nil
	})
}

// AgainForTest asks a candidate about one event.
func AgainForTest(c *engine.Candidate, router Router, e *pip.Event) (*ReplayReport, error) {
	r := newReplayer(c, router, 0)
	err := r.one(context.Background(), e)
	report := newReplayReport(c.Revision())
	report.merge(r.report)
	return report, err
}

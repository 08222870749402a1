package extauth_test

import (
	"context"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pip"
)

// panicking breaks in every part that it plays. A quiet one knows no route.
type panicking struct{ quiet bool }

func (panicking) Append(context.Context, pip.Event) error { panic("broken") }

func (panicking) Decide(context.Context, pdp.Request) (pdp.Decision, error) { panic("broken") }

func (panicking) Check(context.Context, *pep.Question) pep.Check { panic("broken") }

func (p panicking) Tables() *pdp.Tables {
	if p.quiet {
		return &pdp.Tables{Routes: []pdp.Route{{Path: "broken"}}}
	}
	panic("broken")
}

// never must not be asked.
type never struct{ t testing.TB }

func (n never) Check(context.Context, *pep.Question) pep.Check {
	n.t.Error("somebody asked")
	return pep.Check{}
}

package prove

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// An Answered is what OPA's interpreter says of one input, from the rules as they
// are written.
type Answered struct {
	// Names are the roots that hold. Where the evaluation fails that is Failure alone.
	Names map[string]bool
	// Answer is the document authz.answer, and what stands beside it; nil when the
	// evaluation fails.
	Answer, Rows, Columns, Verdicts json.RawMessage
}

// An asker asks OPA's interpreter about the documents beside the answer.
type asker struct {
	once    sync.Once
	queries []rego.PreparedEvalQuery // as documentsBeside has them
	err     error
}

func (a *asker) prepare(ctx context.Context, files rulebook.Files) error {
	a.once.Do(func() {
		var compiler *ast.Compiler
		if compiler, a.err = rulebook.Compile(files); a.err != nil {
			return
		}
		a.queries = make([]rego.PreparedEvalQuery, len(documentsBeside))
		for i, beside := range documentsBeside {
			query := "x := data." + beside.document
			if beside.document == rowsDocument {
				query = "x := {r | r := data." + beside.document + "}" // no rule that holds is undefined
			}
			a.queries[i], a.err = rego.New(rego.Query(query), rego.Compiler(compiler),
				rego.StrictBuiltinErrors(true), rego.GenerateJSON(answer.RawTerm)).PrepareForEval(ctx)
			if a.err != nil {
				return
			}
		}
	})
	return a.err
}

// Ask asks OPA's interpreter about one input. It is an error when the rule book
// itself cannot be asked, and when the closures that decide answer otherwise.
func (b *Book) Ask(ctx context.Context, input ast.Value) (Answered, error) {
	if err := b.asker.prepare(ctx, b.loaded.Files); err != nil {
		return Answered{}, err
	}
	decided, failed := b.loaded.Decides.Evaluate(ctx, input)
	written, err := b.loaded.Written.Evaluate(ctx, input)
	switch {
	case ctx.Err() != nil:
		return Answered{}, ctx.Err()
	case (err != nil) != (failed != nil), err == nil && !written.Equal(decided):
		return Answered{}, fmt.Errorf("OPA and the closures that decide answer otherwise of %v: that is a fault of the engine", input)
	}
	a := Answered{Names: map[string]bool{}}
	g := &gatherer{where: map[string]symbolic.Node{}}
	if err != nil {
		g.where[Failure] = symbolic.Yes
	} else {
		g.wholeAnswer(written)
		if a.Answer, err = jsonOf(written); err != nil {
			return Answered{}, err
		}
	}
	for i, into := range []*json.RawMessage{&a.Rows, &a.Columns, &a.Verdicts} {
		results, err := b.asker.queries[i].Eval(ctx, rego.EvalParsedInput(input))
		if err != nil || len(results) != 1 {
			g.where[documentsBeside[i].name+" failure"] = symbolic.Yes
			continue
		}
		found, _ := results[0].Bindings["x"].(*ast.Term)
		if set, ok := found.Value.(ast.Set); ok {
			set.Foreach(func(t *ast.Term) { g.beside(documentsBeside[i].name, symbolic.Value{Term: t, Where: symbolic.Yes}) })
		}
		if *into, err = jsonOf(found); err != nil {
			return Answered{}, err
		}
	}
	for name := range g.where {
		a.Names[name] = true
	}
	return a, nil
}

// wholeAnswer names the roots of one answer.
func (g *gatherer) wholeAnswer(said *ast.Term) {
	for _, place := range places {
		at := symbolic.Member(said.Value, place)
		each := func(t *ast.Term) { g.place(place, symbolic.Value{Term: t, Where: symbolic.Yes}) }
		if at != nil && place != placeDecision {
			if set, ok := at.Value.(ast.Set); ok {
				set.Foreach(each)
				continue
			}
		}
		each(at)
	}
}

func jsonOf(t *ast.Term) (json.RawMessage, error) {
	plain, err := ast.JSON(t.Value)
	if err != nil {
		return nil, err
	}
	return json.Marshal(plain)
}

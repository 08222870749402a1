package answer

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp"
)

// errGrounds: a decision that cannot say which rule allowed it proves nothing.
var errGrounds = fmt.Errorf("%w: authz/answer has to say in context.grounds which rules grant, as {\"rules\": {{\"folder\", \"code\"}}, \"right\", \"reach\"}", ErrMisshapen)

func decodeGrounds(context ast.Object) (pdp.Grounds, error) {
	grounds, ok := field[ast.Object](context, keyGrounds)
	if !ok {
		return pdp.Grounds{}, errGrounds
	}
	set, ok := field[ast.Set](grounds, keyRules)
	right, ok2 := field[ast.String](grounds, keyRight)
	reach, ok3 := field[ast.String](grounds, keyReach)
	if !ok || !ok2 || !ok3 {
		return pdp.Grounds{}, errGrounds
	}
	if set.Len() == 0 {
		return pdp.Grounds{}, nil
	}
	g := pdp.Grounds{Rules: make([]pdp.Rule, 0, set.Len()), Right: string(right), Reach: string(reach)}
	for _, t := range set.Slice() {
		o, ok := t.Value.(ast.Object)
		if !ok {
			return pdp.Grounds{}, errGrounds
		}
		folder, ok := field[ast.String](o, keyFolder)
		code, ok2 := field[ast.String](o, keyCode)
		if !ok || !ok2 || folder == "" || code == "" {
			return pdp.Grounds{}, errGrounds
		}
		g.Rules = append(g.Rules, pdp.Rule{Folder: string(folder), Code: string(code)})
	}
	return g, nil
}

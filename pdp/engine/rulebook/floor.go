package rulebook

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/machine"
)

// floor is for how many reasons each of these folders denies the empty request:
// the denials that no rule book may lack. Rules are found by path, so a missing
// folder would otherwise be a missing denial. How the codes are called is for the
// book to say.
var floor = map[string]int{
	"account": 2, "clock": 1, "device": 1, "location": 1, "revocation": 3, "role": 1, "route": 1, "session": 1, "signals": 1,
}

const floorQuery = `x := {folder: codes | codes := data.authz.rules[folder].deny}`

// readFloor returns the codes for which the folders of the floor deny the empty
// request.
func readFloor(ctx context.Context, c *ast.Compiler) ([]string, error) {
	query, err := rego.New(rego.Query(floorQuery), rego.Compiler(c), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("floor check: the rules cannot be asked: %w", err)
	}
	meter := &machine.Meter{Limit: wholeBookBudget}
	results, err := query.Eval(ctx, rego.EvalInput(map[string]any{}), rego.EvalExternalCancel(meter))
	if err != nil && meter.Over() {
		return nil, fmt.Errorf("floor check: %w", errSlow)
	}
	if err != nil || len(results) != 1 {
		return nil, fmt.Errorf("floor check: the rules cannot be asked: %w", err)
	}
	raw, err := json.Marshal(results[0].Bindings["x"])
	if err != nil {
		return nil, fmt.Errorf("floor check: %w", err)
	}
	denied := map[string][]string{}
	if err := json.Unmarshal(raw, &denied); err != nil {
		return nil, fmt.Errorf("floor check: %w", err)
	}
	var codes, missing []string
	for _, folder := range slices.Sorted(maps.Keys(floor)) {
		if len(denied[folder]) < floor[folder] {
			missing = append(missing, fmt.Sprintf("authz/rules/%s denies it for %d of %d reasons", folder, len(denied[folder]), floor[folder]))
		}
		codes = append(codes, denied[folder]...)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("floor check: the empty request has to be denied, and %s: a rule folder is missing or changed", strings.Join(missing, ", "))
	}
	return codes, nil
}

// checkFloor refuses a rule book that does not deny the empty request for all
// of the floor, in the form that decides and in the form that explains.
func (b *Book) checkFloor(ctx context.Context, c *ast.Compiler) error {
	codes, err := readFloor(ctx, c)
	if err != nil {
		return err
	}
	for _, form := range []answer.Form{b.Decides, b.Written} {
		d, err := answer.Ask(ctx, form, ast.NewObject())
		if err != nil {
			return fmt.Errorf("floor check: %w", err)
		}
		missing := slices.DeleteFunc(slices.Clone(codes), func(code string) bool { return slices.Contains(d.Reasons, code) })
		if d.Allow || len(missing) > 0 {
			return fmt.Errorf("floor check: the empty request is not denied for %s: authz/authz.rego does not collect all denials",
				strings.Join(missing, ", "))
		}
	}
	return nil
}

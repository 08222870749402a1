package rulebook

import (
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

const columnsPackage = "records.columns"

// checkColumns refuses rules that mask a column by a name that no record has, or
// that mask allergies.
func checkColumns(modules map[string]*ast.Module, columns []string) error {
	var faults ast.Errors
	for _, m := range modules {
		if packageName(m) != columnsPackage {
			continue
		}
		for _, r := range m.Rules {
			if ruleName(r) != "mask" || r.Head.Key == nil {
				continue
			}
			name, constant := r.Head.Key.Value.(ast.String)
			if constant && string(name) == tables.Allergies {
				faults = append(faults, ast.NewError("allergies", r.Head.Key.Location, "this rule would withhold allergies; %s", neverWithheld))
			}
			if constant && !slices.Contains(columns, string(name)) {
				faults = append(faults, ast.NewError("columns_error", r.Head.Key.Location,
					"%s", fmt.Sprintf("%q is no column of records%s", string(name), tables.Near(string(name), columns))))
			}
		}
	}
	if len(faults) == 0 {
		return nil
	}
	faults.Sort()
	return faults
}

package rulebook

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pdp/engine/verdicts"
)

// rightsTables is what the checker compares of the tables with each other.
type rightsTables struct {
	Rights  map[string]map[string]string `json:"rights"`
	Actions map[string]struct {
		Right       string `json:"right"`
		Changes     bool   `json:"changes"`
		EndsSession bool   `json:"ends_session"`
	} `json:"actions"`
	WithoutSignals map[string]string `json:"goes_on_without_signals"`
	Emergency      []string          `json:"emergency_without_signals"`
	StepUp         []string          `json:"step_up"`
	Routes         []tables.Route    `json:"routes"`
	Unrouted       []string          `json:"unrouted"` // actions that no route names
	Reasons        pdp.Reasons       `json:"reasons"`

	Hours map[string]map[string]string `json:"hours"`
}

// checkTables evaluates the tables, checks them as loading does, and returns
// the document, or nil when it cannot be read.
func (c *checker) checkTables(compiler *ast.Compiler) any {
	results, err := rego.New(rego.Query(tablesQuery), rego.Compiler(compiler), rego.StrictBuiltinErrors(true)).Eval(c.ctx)
	if err != nil || len(results) != 1 {
		if err == nil {
			err = fmt.Errorf("package authz.tables is missing")
		}
		c.addError("authz/tables", "tables", err)
		return nil
	}
	document := results[0].Expressions[0].Value
	read, err := tables.Read(document, "", c.gate.Points)
	if err != nil {
		c.addTableFaults("tables", err)
	}
	advice, err := tables.ReadAdvice(document)
	if err != nil {
		c.addTableFaults("remedies", err)
	}
	c.remedies = advice.Remedies
	raw, err := json.Marshal(document)
	if err != nil {
		c.addError("authz/tables", "tables", err)
		return nil
	}
	var t rightsTables
	if err := json.Unmarshal(raw, &t); err != nil {
		if read != nil { // or its faults say so
			for _, fault := range tables.Misfits(document, reflect.TypeFor[rightsTables]()) {
				c.addTableFaults("tables", fault)
			}
		}
		return nil
	}
	c.checkRights(&t)
	c.checkRoutes(&t)
	c.checkReasons(t.Reasons)
	c.checkClaims(document)
	c.checkUnused(compiler)
	if read != nil {
		c.checkWords(read, &t)
		c.checkObligations(read.Columns)
	}
	return document
}

// addTableFaults gives each fault the place of the table that its text names.
func (c *checker) addTableFaults(code string, err error) {
	var walk func(error)
	walk = func(err error) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				walk(e)
			}
			return
		}
		if one, ok := err.(interface{ Unwrap() error }); ok && one.Unwrap() != nil && strings.HasPrefix(err.Error(), "authz.tables: ") {
			walk(one.Unwrap())
			return
		}
		c.add(c.placeOf(err.Error()), code, "", "%s", err)
	}
	walk(err)
}

// checkRights holds that the words of the tables fit together.
func (c *checker) checkRights(t *rightsTables) {
	needed := map[string]bool{}
	routed := map[string]bool{}
	for _, row := range t.Routes {
		routed[row.Action] = true
	}
	actions := c.table("actions")
	for _, name := range slices.Sorted(maps.Keys(t.Actions)) {
		right := t.Actions[name].Right
		needed[right] = true
		if t.Rights[right] == nil {
			c.add(actions.place(name), "tables", "add a row to rights, or correct the name", "action %q needs the right %q, which is no row of rights", name, right)
		}
		if t.Actions[name].EndsSession && !t.Actions[name].Changes {
			c.add(actions.place(name), "tables", "remove ends_session: reading ends no session", "action %q ends the session of who may not do it, and changes nothing", name)
		}
		if !routed[name] && !slices.Contains(t.Unrouted, name) {
			c.add(actions.place(name), "unused_action", "add a route, name it in unrouted, or remove the action", "no route asks for action %q", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Rights)) {
		if !needed[name] {
			c.add(c.table("rights").place(name), "unused_right", "add an action that needs it, or remove the row", "no action needs the right %q", name)
		}
	}
	for _, name := range t.Unrouted {
		if _, ok := t.Actions[name]; !ok || routed[name] {
			c.add(c.table("unrouted").place(name), "tables", "correct the name, or remove it", "unrouted names %q, which is no action or has a route", name)
		}
	}
	c.checkWithoutSignals(t)
	for _, name := range t.StepUp {
		if t.Rights[name] == nil {
			c.add(c.table("step_up").place(name), "tables", "correct the name", "step_up names %q, which is no row of rights", name)
		}
	}
}

// checkWithoutSignals holds that what goes on while behaviour is not known is a
// right, and says why.
func (c *checker) checkWithoutSignals(t *rightsTables) {
	const table, urgent = "goes_on_without_signals", "emergency_without_signals"
	for _, name := range slices.Sorted(maps.Keys(t.WithoutSignals)) {
		switch {
		case t.Rights[name] == nil:
			c.add(c.table(table).place(name), "tables", "correct the name", "%s names %q, which is no row of rights%s", table, name, tables.Near(name, slices.Sorted(maps.Keys(t.Rights))))
		case strings.TrimSpace(t.WithoutSignals[name]) == "":
			c.add(c.table(table).place(name), "tables", "say why it does not wait", "%s: %q has no reason", table, name)
		}
	}
	for _, name := range t.Emergency {
		if t.Rights[name] == nil {
			c.add(c.table(urgent).place(name), "tables", "correct the name", "%s names %q, which is no row of rights%s", urgent, name, tables.Near(name, slices.Sorted(maps.Keys(t.Rights))))
		}
	}
}

// checkRouteWords finds words of a route that no server knows. Applications may
// be the hospital's own, so that only a name that is nearly one of Wardgate's is
// a slip.
func (c *checker) checkRouteWords(at *ast.Location, row *pdp.Route) {
	if !slices.Contains(pdp.Methods, row.Method) {
		c.add(at, "unknown_word", "methods are written in capitals", "%s %s: %q is no method%s", row.Method, row.Path, row.Method, tables.Near(row.Method, pdp.Methods))
	}
	if !slices.Contains(pdp.OwnApplications, row.Application) && (row.Path+"/" == reservedPath || strings.HasPrefix(row.Path, reservedPath)) {
		c.add(at, "reserved_path", "choose another path", "%s %s: below %s all is Wardgate's own, at every host", row.Method, row.Path, reservedPath)
	}
	if !slices.Contains(pdp.Bodies, row.Body) {
		c.add(at, "unknown_word", "correct the word", "%s %s: %q is no class of body%s", row.Method, row.Path, row.Body, tables.Near(row.Body, pdp.Bodies))
	}
	if known := slices.Concat(pdp.OwnApplications, c.gate.Applications); c.gate.Applications != nil && !slices.Contains(known, row.Application) {
		c.add(at, "unknown_application", "name it in applications of the configuration, or correct the route",
			"%s %s: the configuration has no application %q%s", row.Method, row.Path, row.Application, tables.Near(row.Application, known))
		return
	}
	if near := tables.Meant(row.Application, pdp.OwnApplications); near != "" && near != row.Application {
		c.add(at, "unknown_word", "correct the name, or choose one that is not so near to it",
			"%s %s: the application %q; was %q meant?", row.Method, row.Path, row.Application, near)
	}
}

// reservedPath begins the paths that are Wardgate's own at every host.
const reservedPath = "/.wardgate/"

var pathParameter = regexp.MustCompile(`\{[^}:.]*(:[^}]*|\.\.\.)?\}`)

// shapeOf is a path without what it calls its parameters, but with their grammars.
func shapeOf(path string) string {
	return strings.ReplaceAll(pathParameter.ReplaceAllString(path, "{$1}"), "{:id}", "{}")
}

// checkRoutes finds request lines that two rows claim, whatever they call
// their parameters, and rows without an action.
func (c *checker) checkRoutes(t *rightsTables) {
	routes := c.table("routes")
	first := map[string]int{}
	for i := range t.Routes {
		for _, row := range t.Routes[i].Each() {
			c.checkRouteWords(routes.row(i), &row)
			line := c.hostOf(&row) + " " + row.Method + " " + shapeOf(row.Path)
			if before, ok := first[line]; ok {
				c.add(routes.row(i), "conflict", "remove one of the two rows", "%s %s is the request line of row %d too", row.Method, row.Path, before+1)
				continue
			}
			first[line] = i
			if _, ok := t.Actions[row.Action]; !ok {
				c.add(routes.row(i), "tables", "add a row to actions, or correct the name", "%s %s names the action %q, which is no row of actions", row.Method, row.Path, row.Action)
			}
		}
	}
}

// hostOf is where a row is asked: at the hosts of its application, or with "" at all
// others. Where that is not known, an application that is not Wardgate's own may have
// hosts of its own.
func (c *checker) hostOf(row *pdp.Route) string {
	switch {
	case slices.Contains(pdp.OwnApplications, row.Application):
		return ""
	case c.gate.Applications == nil || slices.Contains(c.gate.Hosted, row.Application):
		return row.Application
	default:
		return ""
	}
}

// checkUnused finds tables that neither a rule nor the engine reads.
func (c *checker) checkUnused(compiler *ast.Compiler) {
	used := map[string]bool{}
	for name, m := range compiler.Modules {
		if _, isTest := c.tests[name]; isTest {
			continue
		}
		for _, r := range m.Rules {
			ast.WalkRefs(r, func(ref ast.Ref) bool {
				if p, own := ref.ConstantPrefix().String(), r.Ref().String(); !strings.HasPrefix(p, own) {
					used[p] = true
				}
				return false
			})
		}
	}
	for _, m := range c.modules {
		pkg := m.Package.Path.String()
		if !strings.HasSuffix(pkg, ".tables") {
			continue
		}
		for _, r := range m.Rules {
			if name := ruleName(r); !strings.HasPrefix(name, "_") && !reads(used, pkg, name) && !c.engineReads(pkg, name) {
				c.add(r.Location, "unused_table", "remove it, or write the rule that reads it", "nothing reads the table %s", name)
			}
		}
	}
}

func reads(used map[string]bool, pkg, name string) bool {
	if used[pkg] {
		return true
	}
	for ref := range used {
		if ref == pkg+"."+name || strings.HasPrefix(ref, pkg+"."+name+".") || strings.HasPrefix(ref, pkg+"."+name+"[") {
			return true
		}
	}
	return false
}

// engineReads: some tables are not for rules: the engine turns measures into
// words with them.
func (c *checker) engineReads(pkg, name string) bool {
	switch pkg {
	case verdicts.TablesQuery:
		return name == "thresholds" || name == "external"
	case tablesQuery:
	default:
		return false
	}
	return tables.Reads(name, c.gate.Points) || slices.Contains(tables.AdviceTables, name) || name == "unrouted"
}

func ruleName(r *ast.Rule) string {
	if len(r.Head.Reference) > 0 {
		return strings.Trim(r.Head.Reference[0].String(), `"`)
	}
	return string(r.Head.Name)
}

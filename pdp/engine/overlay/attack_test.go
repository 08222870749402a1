package overlay_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/pdp/engine/overlay"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

const mine = "authz/rules/mine/mine.rego"

func rule(text string) map[string]string {
	return map[string]string{mine: "package authz.rules.mine\n\n" + text + "\n"}
}

func tableFile(text string) map[string]string {
	return map[string]string{"authz/tables/mine.rego": "package authz.tables\n\n" + text + "\n"}
}

// Whatever an overlay holds, it leaves the mechanism alone. Each of these is refused
// with the file, and where there is one with the line.
func TestAnOverlayLeavesTheMechanismAlone(t *testing.T) {
	custom := func(words, table string) map[string]string {
		return tableFile("# METADATA\n# custom: {" + words + "}\n" + table)
	}
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		// places
		{"the entrypoint", map[string]string{"authz/authz.rego": "package authz\n\nallow := true\n"}, "authz/authz.rego: no such file may stand in an overlay"},
		{"ask", map[string]string{"authz/ask/ask.rego": "package authz.ask\n\nelevated := true\n"}, "no such file may stand"},
		{"ask in another file", map[string]string{"authz/ask/more.rego": "package authz.ask\n\nelevated := true\n"}, "no such file may stand"},
		{"assumptions", map[string]string{"authz/assume/mine.rego": "package authz.assume\n\nimpossible := false\n"}, "no such file may stand"},
		{"rows", map[string]string{"records/rows/mine.rego": "package records.rows\n\ninclude := true\n"}, "no such file may stand"},
		{"columns", map[string]string{"records/columns/mine.rego": "package records.columns\n\nmask contains \"x\" if false\n"}, "no such file may stand"},
		{"rules of the sentinel", map[string]string{"sentinel/rules/mine/mine.rego": "package sentinel.rules.mine\n"}, "no such file may stand"},
		{"decision logs", map[string]string{"system/log/mask.rego": "package system.log\n\ndrop := true\n"}, "no such file may stand"},
		{"golden requests", map[string]string{"authz/golden/golden_test.rego": "package authz.golden_test\n\nx := 1\n"}, "no such file may stand"},
		{"the top", map[string]string{"README.rego": "package authz\n\nallow := true\n"}, "README.rego: no such file may stand"},
		{"data in JSON", map[string]string{"authz/tables/data.json": `{"authz": {"tables": {"rights": {}}}}`}, "authz/tables/data.json: no such file may stand"},
		{"data in YAML", map[string]string{"data.yaml": "authz: {}"}, "data.yaml: no such file may stand"},
		{"capital letters", map[string]string{"authz/rules/Role/role.rego": "package authz.rules.Role\n"}, "no such file may stand"},
		{"a capital file", map[string]string{"authz/tables/Rights.rego": "package authz.tables\n"}, "no such file may stand"},
		{"letters that look alike", map[string]string{"authz/rules/r\u043ele/r\u043ele.rego": "package authz.rules.mine\n"}, "no such file may stand"},
		{"a folder within a folder", map[string]string{"authz/rules/mine/deeper/deeper.rego": "package authz.rules.mine.deeper\n"}, "no such file may stand"},
		{"a package of tests that is served", map[string]string{"authz/rules/role_test/role.rego": "package authz.rules.role_test\n\nx := 1\n"}, "ends with _test"},
		{"a huge file", map[string]string{mine: "package authz.rules.mine\n\n_x := \"" + strings.Repeat("x", 1<<20) + "\"\n"}, "exceeds 1048576 bytes"},
		{"nothing", map[string]string{"README.md": "x"}, "there is no .rego file in it"},
		{"what cannot be read", map[string]string{mine: "package authz.rules.mine\n\ndeny contains if {\n"}, mine + ": parse rule book"},
		{"a byte order mark", map[string]string{mine: "\ufeffpackage authz.rules.mine\n"}, "byte order mark"},
		// packages
		{"another package", map[string]string{mine: "package authz\n\nallow := true\n"}, mine + ":1: package authz stands in the folder of package authz.rules.mine"},
		{"the package of a rule of the base", map[string]string{mine: "package authz.rules.role\n\ngrant contains \"mine\"\n"}, "package authz.rules.role stands"},
		{"a package below", map[string]string{mine: "package authz.rules.mine.deny\n"}, "package authz.rules.mine.deny stands"},
		{"a rule of the base", map[string]string{"authz/rules/role/more.rego": "package authz.rules.role\n\ngrant contains \"mine\"\n"}, "the base has rules of its own in authz/rules/role"},
		{"tables in a folder of rules", map[string]string{mine: "package authz.tables\n\nrights := {}\n"}, "package authz.tables stands"},
		{"rules among tables", map[string]string{"authz/tables/mine.rego": "package authz.rules.mine\n\ngrant contains \"mine\"\n"}, "package authz.rules.mine stands in the folder of package authz.tables"},
		// rules
		{"a default", rule("default deny := set()"), "mine.rego:3: deny adds nothing"},
		{"a whole set", rule("deny := set()"), "deny adds nothing"},
		{"a member by its path", rule("deny.x := true"), "deny.x adds nothing"},
		{"a rule that nothing hears", rule("allow := true"), "allow adds nothing"},
		{"a grant under a code of the base", rule(`grant contains "role"`), `"role" is a code under which authz/rules/role/role.rego grants`},
		{"a grant under a code that looks alike", rule("grant contains \"r\u043ele\""), "names no code that is written as text"},
		{"a computed code", rule("grant contains input.action.name if input.action.name"), "names no code that is written as text"},
		{"with", rule("deny contains \"mine\" if data.authz.ask.public with input as {}"), "`with` is for tests"},
		{"what other rules say", rule("deny contains \"mine\" if not data.authz.rules.role.grant.role"), "do not read data.authz.rules.role.grant"},
		{"all rules", rule("deny contains \"mine\" if some _ in data.authz.rules[_].deny"), "do not read data.authz.rules"},
		{"the answer", rule("deny contains \"mine\" if data.authz.answer.decision"), "do not read data.authz.answer"},
		{"all data", rule("_x := data\n\ndeny contains \"mine\" if _x.authz.rules"), "do not read data"},
		{"an import of rules", rule("import data.authz.rules\n\ndeny contains \"mine\" if rules.role.grant"), "do not read data.authz.rules"},
		{"an import by another name", rule("import data.authz.rules as tables\n\ndeny contains \"mine\" if tables.role.grant"), "do not read data.authz.rules"},
		{"an entrypoint", map[string]string{mine: "# METADATA\n# entrypoint: true\npackage authz.rules.mine\n"}, "METADATA names an entrypoint"},
		{"another schema", map[string]string{mine: "# METADATA\n# scope: subpackages\n# schemas:\n#   - input: {type: object}\npackage authz.rules.mine\n\ndeny contains \"mine\" if input.nothing\n"}, "METADATA names a schema"},
		// tables
		{"a table without a digest", tableFile("rights := {}"), "does not say that it replaces it"},
		{"a table of another base", custom(`replaces: "sha256:00"`, "rights := {}"), "mine.rego:5: the base's table rights is not the one"},
		{"a table that is not there", custom(`replaces: "sha256:00"`, "rihgts := {}"), `the base has no table rihgts; was "rights" meant?`},
		{"rows of a table that is not there", custom("adds_rows: true", "rihgts := {}"), "the base has no table rihgts"},
		{"both", custom(`replaces: "x", adds_rows: true`, "rights := {}"), "says both"},
		{"a row of the base", custom("adds_rows: true", `rights := {"Billing and Finance": {"nurse": "department"}}`), `has a row "Billing and Finance" of its own`},
		{"a word of the base", custom("adds_rows: true", `step_up := {"Console"}`), `has a row "Console" of its own`},
		{"rows of another kind", custom("adds_rows: true", `rights := {"Mine"}`), "no rows can be added"},
		{"computed rows", custom("adds_rows: true", `rights := {x: {} | some x in ["Mine"]}`), "no rows can be added"},
		{"rows of a scalar", custom("adds_rows: true", `step_up_acr := {"x"}`), "no rows can be added"},
		{"rows and something behind them", custom("adds_rows: true", `rights := {"Mine": {}} if true`), "rights"},
		{"a row by a computed name", custom("adds_rows: true", "rights := {concat(\"\", [\"Billing\", \" and Finance\"]): {}}"), "no name that is written as text"},
		{"a cell by its path", tableFile(`rights["Billing and Finance"].nurse := "department"`), "rights is no whole table"},
		{"a member of a set", tableFile(`step_up contains "Mine"`), "step_up is no whole table"},
		{"a default of a table", tableFile("default rights := {}"), "rights is no whole table"},
		{"a table by a condition", custom(`replaces: "x"`, "rights := {} if input.action.name == \"x\""), "rights is no whole table"},
		{"a table with else", tableFile("rights := {} if input.x else := {}"), "rights is no whole table"},
		{"a function in the place of a table", tableFile("rights(x) := x"), "rights is no whole table"},
		{"a table twice", tableFile("mine := {}\n\nmine := {1}"), "the table mine stands in authz/tables/mine.rego:3 too"},
		{"a helper of the base", tableFile("_row(a, b, c, d, e, f) := {\"method\": a, \"path\": b, \"application\": c, \"action\": d, \"resource\": e, \"body\": f}"), "the base's tables have a _row of their own"},
		{"a default of a helper", tableFile("default _log_in := 1"), "_log_in is no whole table"},
		{"an import of a table", tableFile("import data.authz.ask\n\nmine := ask"), "a table imports nothing"},
		// invariants and tests
		{"an invariant of the base", map[string]string{"invariants/never/strangers.rego": "package invariants.never.strangers\n\nviolated if false\n"}, "the base has an invariant of that name"},
		{"the package of an invariant", map[string]string{"invariants/never/mine.rego": "package invariants.never.strangers\n\nviolated if false\n"}, "package invariants.never.strangers stands"},
		{"a test of the base", map[string]string{"authz/tables/rights_test.rego": "package authz.tables_test\n\ntest_mine if true\n", "authz/tables/tables_test.rego": "package authz.tables_test\n\ntest_more if true\n"}, "the base has tests of that name"},
		{"a rule of a test of the base", map[string]string{"authz/tables/mine_test.rego": "package authz.tables_test\n\ntest_every_action_has_a_right_in_the_table if true\n"}, "has a rule test_every_action_has_a_right_in_the_table of its own"},
		{"the package of a test", map[string]string{"authz/rules/mine/mine_test.rego": "package authz.golden_test\n\ndoctor := {}\n"}, "package authz.golden_test stands"},
		{"rules in a test", map[string]string{"authz/rules/mine/mine_test.rego": "package authz.rules.role\n\ngrant contains \"mine\"\n"}, "package authz.rules.role stands"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree, found := assemble(t, tt.files)
			for _, f := range found {
				if strings.Contains(f.String(), tt.want) && f.Code == overlay.Code {
					return
				}
			}
			t.Errorf("got a tree: %v, and %v, want %q", tree != nil, found, tt.want)
		})
	}
}

func TestAllFaultsComeAtOnce(t *testing.T) {
	_, found := assemble(t, map[string]string{
		"authz/tables/a.rego": "package authz.tables\n\nrights := {}\n\nactions := {}\n\nhours(x) := x\n",
		mine:                  "package authz.rules.mine\n\ngrant contains \"role\"\n\ndeny := set()\n",
	})
	if len(found) != 5 {
		t.Errorf("got %d: %v", len(found), found)
	}
}

// A file that may not be there and one that cannot be read hide nothing of the others.
func TestFaultsOfOneKindHideNoneOfAnother(t *testing.T) {
	over := fstest.MapFS{}
	for name, text := range map[string]string{
		"authz/authz.rego":     "package authz\n",
		"authz/tables/a.rego":  "package authz.tables\n\nrights := {}\n",
		"authz/tables/b.rego":  "package authz.tables\n\nactions := {\n",
		"authz/tables/c.rego":  "package authz.tables\n\nhours(x) := x\n",
		"sentinel/tables/d.md": "notes",
	} {
		over[name] = &fstest.MapFile{Data: []byte(text)}
	}
	_, err := overlay.New(policies.FS, over, "ours").RuleFiles()
	var refused *rulebook.Refused
	if !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	files := map[string]bool{}
	for _, f := range refused.Findings {
		files[f.File] = true
	}
	for _, name := range []string{"authz/authz.rego", "authz/tables/a.rego", "authz/tables/b.rego", "authz/tables/c.rego"} {
		if !files[name] {
			t.Errorf("nothing is said of %s: %v", name, refused.Findings)
		}
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret.rego")
	if err := os.WriteFile(secret, []byte("package authz.tables\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "authz/tables"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"authz/tables/mine.rego": secret, "authz/rules": filepath.Dir(secret), "note.md": secret} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	_, found := overlay.Read(os.DirFS(dir))
	if len(found) != 3 {
		t.Fatalf("got %v, want three links", found)
	}
	for _, f := range found {
		if !strings.Contains(f.Problem, "no regular file") {
			t.Errorf("got %v", f)
		}
	}
}

// A changed base is refused until a person looked at it; what is not replaced may
// change.
func TestAChangedBaseIsRefused(t *testing.T) {
	over := folder(map[string]string{"authz/tables/quotas.rego": replacing(t, "quotas", `{"records": 30000}`)})
	changed := func(file, old, text string) fstest.MapFS {
		files := folder(nil)
		for name, content := range base(t) {
			files[name] = &fstest.MapFile{Data: content}
		}
		if !strings.Contains(string(files[file].Data), old) {
			t.Fatalf("%s does not contain %q", file, old)
		}
		files[file] = &fstest.MapFile{Data: []byte(strings.Replace(string(files[file].Data), old, text, 1))}
		return files
	}
	for _, tt := range []struct {
		name, file, old, text string
		refused               bool
	}{
		{"the table", "authz/tables/quotas.rego", `"admin": thresholds.requests_many`, `"admin": 900`, true},
		{"what it is made with", "authz/tables/thresholds.rego", `"requests_many": 3000`, `"requests_many": 4000`, true},
		{"a comment", "authz/tables/quotas.rego", "each is a computation", "a computation", false},
		{"another table", "authz/tables/thresholds.rego", `"denials_many": 20`, `"denials_many": 21`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := rulebook.ReadFiles(overlay.New(changed(tt.file, tt.old, tt.text), over, "ours"))
			var refused *rulebook.Refused
			if errors.As(err, &refused) != tt.refused {
				t.Errorf("got %v, want refused: %v", err, tt.refused)
			}
			if tt.refused && !strings.Contains(err.Error(), "write `replaces: \"sha256:") {
				t.Errorf("%v does not say what to write", err)
			}
		})
	}
}

// What serves is the very tree that is written.
func TestTheTreeThatServesIsTheOneThatIsWritten(t *testing.T) {
	files := map[string]string{mine: strings.ReplaceAll(nightRule, "bills_by_day", "mine"), "authz/tables/quotas.rego": replacing(t, "quotas", `{"records": 30000}`)}
	served, err := rulebook.ReadRules(overlay.New(policies.FS, folder(files), "ours"))
	if err != nil {
		t.Fatal(err)
	}
	written, found := assemble(t, files)
	if len(found) > 0 || served.Revision() != written.Revision() || served.Revision() == base(t).Revision() {
		t.Errorf("got %s served and %s written, %v", served.Revision(), written.Revision(), found)
	}
	if _, err := overlay.New(policies.FS, folder(files), "ours").Open("authz/authz.rego"); err == nil {
		t.Error("half of a tree can be opened")
	}
}

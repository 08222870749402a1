package rulebook

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// laws are the keys of which each rule folder names at least one: the
// paragraph that it serves.
var laws = []string{"hipaa", "gdpr", "iso_27001"}

// checkMetadata holds that every rule folder says what it is for, and that
// every code which people are shown has a title.
func (c *checker) checkMetadata() {
	folders := map[string][]*ast.Module{}
	for _, name := range slices.Sorted(maps.Keys(c.modules)) {
		m := c.modules[name]
		if strings.HasPrefix(packageName(m), "authz.rules.") {
			folders[packageName(m)] = append(folders[packageName(m)], m)
		}
	}
	for _, modules := range folders {
		c.checkFolder(modules)
	}
}

func (c *checker) checkFolder(modules []*ast.Module) {
	at := modules[0].Package.Location
	about := packageAnnotations(modules)
	if about == nil {
		c.add(at, "metadata", "write `# METADATA`, a title and custom keys above the package", "the package has no METADATA")
		return
	}
	if about.Title == "" {
		c.add(about.Location, "metadata", "one line that the hospital would say", "the METADATA has no title")
	}
	if _, ok := about.Custom["sp800_207"]; !ok {
		c.add(about.Location, "metadata", "name the tenet of NIST SP 800-207, section 2.1, that the rule serves", "custom.sp800_207 is missing")
	}
	if !slices.ContainsFunc(laws, func(law string) bool { return about.Custom[law] != nil }) {
		c.add(about.Location, "metadata", "name the paragraph that the rule serves", "none of custom.%s is there", strings.Join(laws, ", custom."))
	}
	for _, m := range modules {
		for _, r := range m.Rules {
			if verb := Verb(r); verb != "" && Title(r.Annotations) == "" {
				c.add(r.Location, "metadata", "write `# METADATA` and a title above the rule: explanations show it", "this %s has no title", verb)
			}
		}
	}
}

func packageAnnotations(modules []*ast.Module) *ast.Annotations {
	for _, m := range modules {
		for _, a := range m.Annotations {
			if a.Scope == "package" || a.Scope == "subpackages" {
				return a
			}
		}
	}
	return nil
}

// Title is the first title among annotations, "" for none.
func Title(annotations []*ast.Annotations) string {
	for _, a := range annotations {
		if a.Title != "" {
			return a.Title
		}
	}
	return ""
}

// Verb is "grant", "deny" or "oblige" for a rule that contributes to one of
// those sets, "" for any other.
func Verb(r *ast.Rule) string {
	name := string(r.Head.Name)
	if name == "" && len(r.Head.Reference) > 0 {
		name = strings.Trim(r.Head.Reference[0].String(), `"`)
	}
	if r.Head.Key != nil && slices.Contains([]string{"grant", "deny", "oblige"}, name) {
		return name
	}
	return ""
}

package rulebook

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/policies"
)

// Each delivered folder that denies is one that no book may lack: the empty request
// comes to it, or it is asked for by name.
func TestNoDeliveredDenialMayBeLeftOut(t *testing.T) {
	files, err := ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := Parse(files.rules())
	if err != nil {
		t.Fatal(err)
	}
	denying := 0
	for name, m := range modules {
		if !strings.HasPrefix(name, "authz/rules/") {
			continue
		}
		folder := path.Base(path.Dir(name))
		for _, r := range m.Rules {
			if r.Head.Name != "deny" {
				continue
			}
			denying++
			if floor[folder] == 0 && !slices.Contains(needed, folder) {
				t.Errorf("%s denies, and a book without its folder is let in: add %q to needed", r.Location, folder)
			}
		}
	}
	if denying < 30 {
		t.Errorf("only %d rules deny: this says little", denying)
	}
}

package engine

import (
	"context"
	"io/fs"
	"maps"
	"strings"
)

// SetForTest sets the value at a path such as "/context/care/treats".
func SetForTest(document map[string]any, path string, v any) {
	setAt(document, strings.Split(strings.TrimPrefix(path, "/"), "/"), v)
}

// SamplerForTest draws inputs as Check does.
func SamplerForTest(fsys fs.FS) (func() map[string]any, error) {
	c := &checker{ctx: context.Background()}
	c.read(fsys)
	all := maps.Clone(c.modules)
	maps.Copy(all, c.tests)
	compiler, err := compileModules(all)
	if err != nil {
		return nil, err
	}
	s, err := c.sampler(compiler)
	if err != nil {
		return nil, err
	}
	return s.next, nil
}

// AfterForTest is the input after the remedies of those titles.
func AfterForTest(b *Book, input map[string]any, titles []string) map[string]any {
	var set []*remedy
	for _, title := range titles {
		for i := range b.remedies {
			if b.remedies[i].Title == title {
				set = append(set, &b.remedies[i])
			}
		}
	}
	return changed(input, set)
}

// UsableForTest are the titles of the remedies that apply to an input.
func UsableForTest(b *Book, input map[string]any) []string {
	var titles []string
	for i := range b.remedies {
		if b.remedies[i].applies(input) {
			titles = append(titles, b.remedies[i].Title)
		}
	}
	return titles
}

// Recorded is the input of a doctor who reads a patient, as the journal has it.
func Recorded(b *Book, patient string) []byte {
	r, facts := readsPatient(), ward()
	r.Resource.ID = patient
	var in input
	in.fill(&r, &facts, b.rev.tables)
	return in.appendJSON(nil)
}

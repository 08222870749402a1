package analysis

import "github.com/wardgate/wardgate/pdp/engine/tables"

// AfterForTest is the input after the remedies of those titles.
func AfterForTest(b *Book, input map[string]any, titles []string) map[string]any {
	var set []*tables.Remedy
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
		if applies(&b.remedies[i], input) {
			titles = append(titles, b.remedies[i].Title)
		}
	}
	return titles
}

package verdicts

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pip"
)

// A Member is one value of what the sentinel's rules read, by its path, and
// everything that may stand there: texts, truths, or lists of texts.
type Member struct {
	Path   string
	Values []any
}

// Members lists all of them.
func (j *Judge) Members() []Member {
	kinds := slices.Sorted(maps.Keys(j.external))
	list := []Member{
		{"who", []any{"subject", "address"}},
		{"place", []any{"", "on_site", "off_site"}},
		{"external", lists(kinds)},
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[behaviourWords]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		m := Member{Path: "signals." + name, Values: []any{"", "usual", "many"}}
		switch {
		case name == "state":
			m.Values = []any{pip.Unknown.String(), pip.Stale.String(), pip.Fresh.String()}
		case f.Type.Kind() == reflect.Bool:
			m.Values = []any{false, true}
		}
		list = append(list, m)
	}
	return list
}

// lists are those that may stand for reports of some kinds: none, each by itself,
// and all.
func lists(kinds []string) []any {
	all := []any{[]any{}}
	whole := []any{}
	for _, kind := range kinds {
		all = append(all, []any{kind})
		whole = append(whole, kind)
	}
	if len(kinds) > 1 {
		all = append(all, whole)
	}
	return all
}

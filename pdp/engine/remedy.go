package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// remediesTable is the table of changes that people or time can bring about.
const remediesTable = "remedies"

// A remedy is one permitted change of a situation: how the input would look
// after it. Whether it helps is for the policy to say.
type remedy struct {
	Title string              `json:"title"`
	When  map[string][]string `json:"when"` // path -> the words of which one must stand there now
	Set   map[string]any      `json:"set"`  // path -> the value after the change
}

// fixedPaths are what no remedy may touch: who asks, in which role, for what.
var fixedPaths = []string{"/subject/type", "/subject/id", "/subject/properties/role", "/action", "/resource"}

// readRemedies reads the table of remedies. A book without the table permits
// no change.
func readRemedies(document any) ([]remedy, error) {
	all, ok := document.(map[string]any)
	if !ok || all[remediesTable] == nil {
		return nil, nil
	}
	raw, err := json.Marshal(all[remediesTable])
	if err != nil {
		return nil, fmt.Errorf("read remedies: %w", err)
	}
	var list []remedy
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("read remedies: %w", err)
	}
	var faults []error
	for i := range list {
		if err := list[i].check(); err != nil {
			faults = append(faults, fmt.Errorf("remedies, row %d: %w", i+1, err))
		}
	}
	return list, errors.Join(faults...)
}

func (r *remedy) check() error {
	if r.Title == "" || len(r.Set) == 0 {
		return errors.New("a remedy has a title and sets something")
	}
	for p := range r.Set {
		if !strings.HasPrefix(p, "/") {
			return fmt.Errorf("%q is no path: it begins with /", p)
		}
		for _, fixed := range fixedPaths {
			if p == fixed || strings.HasPrefix(p, fixed+"/") || strings.HasPrefix(fixed, p+"/") {
				return fmt.Errorf("%s may not be changed: who asks in which role for what is the question itself", p)
			}
		}
	}
	return nil
}

// applies reports whether the remedy can be taken in this situation and would
// change anything of it.
func (r *remedy) applies(input map[string]any) bool {
	for p, words := range r.When {
		word, _ := valueAt(input, p).(string)
		if !slices.Contains(words, word) {
			return false
		}
	}
	for p, v := range r.Set {
		if valueAt(input, p) != v {
			return true
		}
	}
	return false
}

// agree reports whether two remedies never set one path to two values.
func agree(a, b *remedy) bool {
	for p, v := range a.Set {
		if w, ok := b.Set[p]; ok && w != v {
			return false
		}
	}
	return true
}

// changed is a copy of input after the remedies.
func changed(input map[string]any, remedies []*remedy) map[string]any {
	out := cloneDocument(input)
	for _, r := range remedies {
		for p, v := range r.Set {
			setAt(out, strings.Split(p[1:], "/"), v)
		}
	}
	return out
}

func cloneDocument(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for k, v := range in {
		if inner, ok := v.(map[string]any); ok {
			v = cloneDocument(inner)
		}
		out[k] = v
	}
	return out
}

func setAt(document map[string]any, steps []string, value any) {
	for ; len(steps) > 1; steps = steps[1:] {
		next, ok := document[steps[0]].(map[string]any)
		if !ok {
			next = map[string]any{}
			document[steps[0]] = next
		}
		document = next
	}
	document[steps[0]] = value
}

// valueAt is the scalar at a path such as "/context/device/match", or nil.
func valueAt(document map[string]any, path string) any {
	var at any = document
	for step := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		inner, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = inner[step]
	}
	switch at.(type) {
	case string, bool, json.Number, float64:
		return at
	}
	return nil
}

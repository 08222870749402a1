package tables

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// RemediesTable is the table of changes that people or time can bring about.
const RemediesTable = "remedies"

// A Remedy is one permitted change of a situation: how the input would look
// after it. Whether it helps is for the policy to say.
type Remedy struct {
	Title string              `json:"title"`
	When  map[string][]string `json:"when"` // path -> the words of which one must stand there now
	Set   map[string]any      `json:"set"`  // path -> the value after the change
}

// fixedPaths are what no remedy may touch: who asks, in which role, for what.
var fixedPaths = []string{"/subject/type", "/subject/id", "/subject/properties/role", "/action", "/resource"}

// ReadRemedies reads the table of remedies. A book without the table permits
// no change.
func ReadRemedies(document any) ([]Remedy, error) {
	all, ok := document.(map[string]any)
	if !ok || all[RemediesTable] == nil {
		return nil, nil
	}
	raw, err := json.Marshal(all[RemediesTable])
	if err != nil {
		return nil, fmt.Errorf("read remedies: %w", err)
	}
	var list []Remedy
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

// Remedies are the changes that the table permits.
func (t *Tables) Remedies() ([]Remedy, error) { return ReadRemedies(t.document) }

func (r *Remedy) check() error {
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

package tables

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
)

// The tables of advice: the changes that people or time can bring about, the words
// for what may turn out, and the sentences around them.
const (
	RemediesTable    = "remedies"
	RemedyWordsTable = "remedy_words"
	AdviceTable      = "advice"
	RightWordsTable  = "right_words"
)

// AdviceTables are all tables of advice.
var AdviceTables = []string{RemediesTable, RemedyWordsTable, AdviceTable, RightWordsTable}

// A Remedy is one permitted change of a situation: how the input would look
// after it. Whether it helps is for the policy to say.
type Remedy struct {
	Title Texts               `json:"title"`
	When  map[string][]string `json:"when"` // path -> the words of which one must stand there before
	Set   map[string]any      `json:"set"`  // path -> the value after the change

	// TurnsOut are values of which one stands at a path after the change. Which one
	// is not known before.
	TurnsOut map[string][]any `json:"turns_out"`
}

// Texts are one sentence or name, by language. In a table a text alone is English.
type Texts map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Texts) UnmarshalJSON(raw []byte) error {
	var alone string
	if json.Unmarshal(raw, &alone) == nil {
		*t = Texts{english: alone}
		return nil
	}
	var all map[string]string
	err := json.Unmarshal(raw, &all)
	*t = all
	return err
}

const english = "en"

// In is the text in a language, or in English where there is none.
func (t Texts) In(language string) string {
	if text := t[language]; text != "" {
		return text
	}
	return t[english]
}

func (t Texts) check(what string) error {
	if strings.TrimSpace(t[english]) == "" {
		return fmt.Errorf("%s: there is no text in %q", what, english)
	}
	for _, language := range slices.Sorted(maps.Keys(t)) {
		if !slices.Contains(pdp.Languages(), language) {
			return fmt.Errorf("%s: %q is no language of the house%s", what, language, Near(language, pdp.Languages()))
		}
	}
	return nil
}

// Advice is everything that tables say about what would help.
type Advice struct {
	Remedies []Remedy
	Words    map[string]map[string]Texts // path -> value -> how it is told
	Said     map[string]Texts            // the sentences around
	Rights   map[string]map[string]Texts // "role" and "reach" -> one of them -> how it is told of who has a right
}

// The sentences that explanations are made of, by their names in the table of
// advice, and what is said where a rule book has none.
var said = map[string]Texts{
	"more_than_three_changes": {english: "more than three things would have to change"},
	"nothing":                 {english: "nothing that may change helps"},
	"unknown":                 {english: "no three changes help; whether more would was not found out"},
	"unproved":                {english: "not proved smallest"},
	"and_title":               {english: ", and "},
	"if":                      {english: ", if "},
	"conjunction":             {english: " and "},
	"disjunction":             {english: " or "},
	"or_if":                   {english: "; or "},
	"right_of":                {english: "who has this right"},
	"right_of_no_role":        {english: "no role has this right"},
	"stranger":                {english: "who has no session"},
}

// fixedPaths are what no remedy may touch: who asks, in which role, for what.
var fixedPaths = []string{"/subject/type", "/subject/id", "/subject/properties/role", "/action", "/resource"}

// ReadRemedies reads the table of remedies. A book without the table permits
// no change.
func ReadRemedies(document any) ([]Remedy, error) {
	var list []Remedy
	if err := readTable(document, RemediesTable, &list); err != nil {
		return nil, err
	}
	var faults []error
	for i := range list {
		if err := list[i].check(); err != nil {
			faults = append(faults, fmt.Errorf("remedies[%d]: %w", i, err))
		}
	}
	return list, errors.Join(faults...)
}

// ReadAdvice reads the tables of advice. What a book does not say is said in English.
func ReadAdvice(document any) (*Advice, error) {
	a := &Advice{}
	var faults []error
	var err error
	if a.Remedies, err = ReadRemedies(document); err != nil {
		faults = append(faults, err)
	}
	if err := readTable(document, RemedyWordsTable, &a.Words); err != nil {
		faults = append(faults, err)
	}
	if err := readTable(document, RightWordsTable, &a.Rights); err != nil {
		faults = append(faults, err)
	}
	for name, table := range map[string]map[string]map[string]Texts{RemedyWordsTable: a.Words, RightWordsTable: a.Rights} {
		for row, words := range table {
			for word, texts := range words {
				if err := texts.check(fmt.Sprintf("%s.%s.%s", name, row, word)); err != nil {
					faults = append(faults, err)
				}
			}
		}
	}
	for _, row := range slices.Sorted(maps.Keys(a.Rights)) {
		if row != "role" && row != "reach" {
			faults = append(faults, fmt.Errorf("%s: %q is neither role nor reach", RightWordsTable, row))
		}
	}
	if err := readTable(document, AdviceTable, &a.Said); err != nil {
		faults = append(faults, err)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Said)) {
		if err := a.Said[name].check(AdviceTable + "." + name); err != nil {
			faults = append(faults, err)
		}
		if said[name] == nil {
			known := slices.Sorted(maps.Keys(said))
			faults = append(faults, fmt.Errorf("%s: there is no sentence %q%s", AdviceTable, name, Near(name, known)))
		}
	}
	sentences := maps.Clone(said)
	maps.Copy(sentences, a.Said)
	a.Said = sentences
	return a, errors.Join(faults...)
}

// readTable reads a table that a book may lack.
func readTable(document any, name string, into any) error {
	all, ok := document.(map[string]any)
	if !ok || all[name] == nil {
		return nil
	}
	if faults := misfits(name, all[name], reflect.TypeOf(into).Elem()); len(faults) > 0 {
		return errors.Join(faults...)
	}
	raw, err := json.Marshal(all[name])
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// Advice is what the tables say about what would help.
func (t *Tables) Advice() (*Advice, error) { return ReadAdvice(t.document) }

func (r *Remedy) check() error {
	if len(r.Title) == 0 || len(r.Set)+len(r.TurnsOut) == 0 {
		return errors.New("a remedy has a title and sets something")
	}
	if err := r.Title.check("title"); err != nil {
		return err
	}
	fixed := r.fixed()
	for p, v := range r.Set {
		if err := changeable(p, fixed); err != nil {
			return err
		}
		if !scalar(v) {
			return fmt.Errorf("set: %s: expected a text, or true or false", p)
		}
	}
	for p, values := range r.TurnsOut {
		if err := changeable(p, fixed); err != nil {
			return err
		}
		if _, set := r.Set[p]; set || len(values) == 0 || slices.ContainsFunc(values, func(v any) bool { return !scalar(v) }) {
			return fmt.Errorf("turns_out: %s: expected a list of texts, or of true and false, for a path that is not in set", p)
		}
	}
	return nil
}

// fixed are the paths that this remedy may not touch. Of somebody who has no session it
// is not known who it is, and of an account that ID management knows nothing of it is not
// known in which role.
func (r *Remedy) fixed() []string {
	stranger := slices.Equal(r.When["/subject/type"], []string{"anonymous"})
	unknown := slices.Equal(r.When["/subject/properties/role"], []string{""})
	return slices.DeleteFunc(slices.Clone(fixedPaths), func(p string) bool {
		return stranger && strings.HasPrefix(p, "/subject/") || unknown && p == "/subject/properties/role"
	})
}

func scalar(v any) bool {
	switch v.(type) {
	case string, bool:
		return true
	}
	return false
}

func changeable(path string, fixed []string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%q is no path: it begins with /", path)
	}
	for _, f := range fixed {
		if path == f || strings.HasPrefix(path, f+"/") || strings.HasPrefix(f, path+"/") {
			return fmt.Errorf("%s may not be changed: who asks in which role for what is the question itself", path)
		}
	}
	return nil
}

// Right is the right that an action needs, and how far each role reaches with it.
func (t *Tables) Right(action string) (name string, cells map[string]string, known bool) {
	all, _ := t.document.(map[string]any)
	actions, _ := all["actions"].(map[string]any)
	row, known := actions[action].(map[string]any)
	if !known {
		return "", nil, false
	}
	name, _ = row["right"].(string)
	rights, _ := all["rights"].(map[string]any)
	reaches, _ := rights[name].(map[string]any)
	cells = map[string]string{}
	for role, reach := range reaches {
		cells[role], _ = reach.(string)
	}
	return name, cells, true
}

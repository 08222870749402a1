// Package piptest takes the words that a source writes, so that a test can read
// them.
package piptest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Words are what a source wrote into its section.
type Words struct {
	t       testing.TB
	section pip.Section
	wording any
	state   pip.State
	Reading pip.Reading
	Numbers [pip.MaxMeasures]int64
	Said    map[string]any // by member; state is among them
}

// For makes words for a section, under tables by name. With tables, the test fails
// when the wording refuses them; without, faults do not count.
func For(t testing.TB, s pip.Section, tables map[string]any) *Words {
	t.Helper()
	w := &Words{t: t, section: s, Said: map[string]any{}}
	if s.Wording == nil {
		return w
	}
	var err error
	if w.wording, err = s.Wording(Tables(tables)); err != nil && tables != nil {
		t.Fatal(err)
	}
	return w
}

// Wording is what the section made of the tables.
func (w *Words) Wording() any { return w.wording }

// Trust notes a reading, and trusts it by the section's default.
func (w *Words) Trust(r pip.Reading) pip.State {
	w.Reading = r
	w.state = w.section.Default.Of(&r)
	w.Said["state"] = w.state.String()
	return w.state
}

// Trusted is how far the noted reading is trusted, and its age.
func (w *Words) Trusted() (pip.State, time.Duration) { return w.state, w.Reading.Age }

// Measure notes a number, and Measured returns it.
func (w *Words) Measure(i int, n int64)               { w.Numbers[i] = n }
func (w *Words) Measured(i int) (n int64, known bool) { return w.Numbers[i], true }

// Untold fails the test: what was just measured can be told.
func (w *Words) Untold(table string) {
	w.t.Errorf("%s: words of the table %s could not be told", w.section.Name, table)
}

// Text is what was noted of a member.
func (w *Words) Text(member string) string { text, _ := w.Said[member].(string); return text }

// Word notes a text.
func (w *Words) Word(member, text string) { w.note(member, text) }

// Boolean notes a truth.
func (w *Words) Boolean(member string, b bool) { w.note(member, b) }

// note fails the test for a member or a word that the section does not declare.
func (w *Words) note(member string, v any) {
	w.t.Helper()
	for _, m := range w.section.Members {
		if m.Name != member {
			continue
		}
		text, isText := v.(string)
		known := m.Type == pip.TypeBoolean && !isText || m.Type == pip.TypeText && isText
		for _, word := range m.Words {
			known = known || isText && word == text
		}
		if known {
			w.Said[member] = v
			return
		}
	}
	w.t.Errorf("%s.%s: %v is not declared", w.section.Name, member, v)
}

// Tables are those of a rule book, by name.
type Tables map[string]any

// Read decodes a table as JSON.
func (t Tables) Read(name string, into any) error {
	if t[name] == nil {
		return nil
	}
	raw, err := json.Marshal(t[name])
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

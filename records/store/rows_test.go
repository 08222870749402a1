package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/records/store"
)

func compound(operator string, parts ...assertion.Condition) assertion.Condition {
	return assertion.Condition{Type: "compound", Operator: operator, Conditions: parts}
}

func nested(depth int) assertion.Condition {
	c := assertion.Condition{Type: "all"}
	for range depth {
		c = compound("and", c)
	}
	return c
}

func TestHostileConditionsAreRefused(t *testing.T) {
	everything := assertion.Condition{Type: "all"}
	tests := []struct {
		name string
		give *assertion.Condition
	}{
		{"nil", nil},
		{"empty", &assertion.Condition{}},
		{"unknown type", &assertion.Condition{Type: "any"}},
		{"type in other case", &assertion.Condition{Type: "ALL"}},
		{"all with a field", &assertion.Condition{Type: "all", Field: "patient.doctor"}},
		{"all with a value", &assertion.Condition{Type: "all", Value: "x"}},
		{"all with parts", &assertion.Condition{Type: "all", Conditions: []assertion.Condition{{Type: "none"}}}},
		{"none with an operator", &assertion.Condition{Type: "none", Operator: "eq"}},
		{"unknown field", ptr(where("patient.name", "x"))},
		{"column instead of field", ptr(where("patients.doctor_id", "x"))},
		{"SQL in the field", ptr(where("patient.doctor = '' OR 1=1 --", "x"))},
		{"empty field", ptr(where("", "x"))},
		{"empty value", ptr(where("patient.doctor", ""))},
		{"long value", ptr(where("patient.doctor", strings.Repeat("x", 129)))},
		{"unknown operator", &assertion.Condition{Type: "field", Operator: "ne", Field: "patient.doctor", Value: "x"}},
		{"no operator", &assertion.Condition{Type: "field", Field: "patient.doctor", Value: "x"}},
		{"SQL in the operator", &assertion.Condition{Type: "field", Operator: "eq OR 1=1", Field: "patient.doctor", Value: "x"}},
		{"field with parts", &assertion.Condition{Type: "field", Operator: "eq", Field: "patient.doctor", Value: "x", Conditions: []assertion.Condition{everything}}},
		{"empty and", ptr(compound("and"))},
		{"empty or", ptr(compound("or"))},
		{"compound not", ptr(compound("not", everything))},
		{"compound without operator", ptr(compound("", everything))},
		{"compound with a field", &assertion.Condition{Type: "compound", Operator: "or", Field: "patient.doctor", Value: "x", Conditions: []assertion.Condition{everything}}},
		{"faulty part beside all", ptr(compound("or", everything, where("patient.name", "x")))},
		{"empty part", ptr(compound("and", everything, assertion.Condition{}))},
		{"nested too deep", ptr(nested(9))},
		{"nested far too deep", ptr(nested(100_000))},
		{"too many parts", ptr(compound("or", slices.Repeat([]assertion.Condition{everything}, 64)...))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := store.NewRows(tt.give)
			if !errors.Is(err, store.ErrCondition) {
				t.Fatalf("got %v, want %v", err, store.ErrCondition)
			}
			if strings.Contains(err.Error(), "OR 1=1") {
				t.Fatalf("the error quotes the condition: %v", err)
			}
		})
	}
}

func TestZeroRowsAdmitNothing(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	var zero store.Rows
	if found, _, err := w.Patients(ctx, zero, "", 100); err != nil || len(found) != 0 {
		t.Errorf("got %d patients, %v, want none", len(found), err)
	}
	if _, err := w.Patient(ctx, zero, w.house.Patient.ID); !errors.Is(err, store.ErrNotVisible) {
		t.Errorf("got %v, want %v", err, store.ErrNotVisible)
	}
}

func TestValuesNeverBecomeSQL(t *testing.T) {
	w := newWorld(t)
	values := []string{"' OR '1'='1", "x') OR (1=1", "x'; DROP TABLE patients; --", "%", "_", "*", "?", "\x00", "NULL", "patients.doctor_id"}
	for _, field := range []string{"patient.id", "patient.doctor", "patient.department"} {
		for _, value := range values {
			found, _, err := w.Patients(context.Background(), rows(t, where(field, value)), "", 100)
			if err != nil || len(found) != 0 {
				t.Errorf("%s eq %q: got %d patients, %v, want none", field, value, len(found), err)
			}
		}
	}
	if found, _, err := w.Patients(context.Background(), all(t), "", 500); err != nil || len(found) != patients {
		t.Errorf("got %d patients, %v, want %d", len(found), err, patients)
	}
}

// admits is the meaning of a condition, written a second time.
func admits(c assertion.Condition, p store.Patient) bool {
	switch c.Type {
	case "all":
		return true
	case "field":
		return map[string]string{"patient.id": p.ID, "patient.doctor": p.Doctor, "patient.department": p.Department}[c.Field] == c.Value
	case "compound":
		for _, part := range c.Conditions {
			if admits(part, p) != (c.Operator == "and") {
				return c.Operator == "or"
			}
		}
		return c.Operator == "and"
	}
	return false
}

// invent makes a random valid condition about the world's patients.
func (w *world) invent(rng *rand.Rand, depth int) assertion.Condition {
	p := w.house.Patients[rng.IntN(len(w.house.Patients))]
	switch n := rng.IntN(10); {
	case n == 0:
		return assertion.Condition{Type: "all"}
	case n == 1:
		return assertion.Condition{Type: "none"}
	case n == 2:
		return where("patient.id", p.ID)
	case n <= 4 || depth == 0 && n <= 7:
		return where("patient.doctor", p.Doctor)
	case n == 5 || depth == 0:
		return where("patient.department", p.Department)
	}
	parts := make([]assertion.Condition, 1+rng.IntN(3))
	for i := range parts {
		parts[i] = w.invent(rng, depth-1)
	}
	return compound([]string{"and", "or"}[rng.IntN(2)], parts...)
}

func TestRandomConditionsMeanTheSameInSQL(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		c := w.invent(rng, 3)
		r := rows(t, c)
		var want []string
		for _, p := range w.house.Patients {
			if admits(c, p) {
				want = append(want, p.ID)
			}
		}
		found, _, err := w.Patients(ctx, r, "", 500)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		var got []string
		for _, p := range found {
			got = append(got, p.ID)
		}
		if !slices.Equal(got, want) {
			text, _ := json.Marshal(c)
			t.Fatalf("%s: got %d patients, want %d", text, len(got), len(want))
		}
		one := w.house.Patients[rng.IntN(len(w.house.Patients))]
		if _, err := w.Patient(ctx, r, one.ID); (err == nil) != admits(c, one) {
			t.Fatalf("reading one patient and the list disagree: %v", err)
		}
	}
}

func FuzzCondition(f *testing.F) {
	w := newWorld(f)
	for _, seed := range []string{
		`{"type":"all"}`, `{"type":"none"}`, `{}`, `null`,
		`{"type":"field","operator":"eq","field":"patient.doctor","value":"' OR 1=1 --"}`,
		`{"type":"compound","operator":"or","conditions":[{"type":"all"},{"type":"field"}]}`,
		`{"type":"compound","operator":"and","conditions":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c assertion.Condition
		if json.Unmarshal(data, &c) != nil {
			return
		}
		r, err := store.NewRows(&c)
		if err != nil {
			if !errors.Is(err, store.ErrCondition) {
				t.Fatalf("got %v, want %v", err, store.ErrCondition)
			}
			return
		}
		want := 0
		for _, p := range w.house.Patients {
			if admits(c, p) {
				want++
			}
		}
		found, _, err := w.Patients(context.Background(), r, "", 500)
		if err != nil || len(found) != want {
			t.Fatalf("got %d patients, %v, want %d", len(found), err, want)
		}
	})
}

func ptr[T any](v T) *T { return &v }

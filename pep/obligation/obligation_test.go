package obligation_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

// An obligation that no handler knows denies on every way, a denial's too.
func TestUnknownObligationsAreKeptNowhere(t *testing.T) {
	d := newDischarger(t, obligation.Handler{ID: "nowhere", Read: func(*pdp.Obligation, *obligation.Effects) error { return nil }})
	for _, id := range []string{"watermark", "", "ROW_CONDITION", "nowhere"} {
		for _, way := range ways {
			if _, err := d.Discharge(decided(way, oblige(id, `{}`)), way); err == nil {
				t.Errorf("%q was kept on the way %s", id, way)
			}
		}
	}
}

// An obligation is kept on the ways that its handler declares, and on no other.
func TestObligationsBindWhereTheyDeclare(t *testing.T) {
	all := append([]obligation.Way{obligation.Stream, obligation.Upload}, ways...)
	for _, only := range all {
		read := 0
		d := newDischarger(t, obligation.Handler{ID: "x", Ways: obligation.On(only),
			Read: func(*pdp.Obligation, *obligation.Effects) error { read++; return nil }})
		for _, way := range ways {
			before := read
			e, err := d.Discharge(decided(way, oblige("x", `{}`)), way)
			switch {
			case way == only:
				if err != nil || !e.Ways.Has(way) || e.Ways != obligation.On(only) || read != before+1 {
					t.Errorf("declared for %s: got %v, %+v", only, err, e)
				}
			case way == obligation.Refused: // it limits an answer that there is none of
				if err != nil || read != before {
					t.Errorf("declared for %s, on a denial: got %v, read %t", only, err, read > before)
				}
			case err == nil || read != before:
				t.Errorf("declared for %s, kept on the way %s", only, way)
			}
		}
	}
}

// What two obligations can be kept on together is where both can.
func TestTheNarrowestObligationCounts(t *testing.T) {
	d := newDischarger(t)
	both := []pdp.Obligation{oblige("withhold", `{"fields":["a"]}`), oblige("mask_response", `{"pointers":["/a"]}`)}
	e, err := d.Discharge(decided(obligation.Service, both...), obligation.Service)
	if err != nil || e.Ways != obligation.On(obligation.Service) {
		t.Errorf("got %+v, %v", e, err)
	}
	for _, way := range []obligation.Way{obligation.External, obligation.ProxiedService, obligation.Proxied} {
		if _, err := d.Discharge(decided(way, both...), way); err == nil {
			t.Errorf("kept on the way %s", way)
		}
	}
}

// A handler that declares a way on which nothing consumes its effects cannot
// have them dropped there: they deny.
func TestEffectsThatNothingConsumesDeny(t *testing.T) {
	consumed := map[string]obligation.Ways{
		"Revoke":    obligation.On(obligation.Refused),
		"Challenge": obligation.On(obligation.Refused),
		"Limits":    obligation.On(obligation.Service, obligation.ProxiedService),
		"Answers":   obligation.On(obligation.Service, obligation.External),
	}
	kinds := reflect.TypeFor[obligation.Effects]()
	for i := range kinds.NumField() {
		field := kinds.Field(i)
		if field.Name == "Ways" {
			continue
		}
		where, known := consumed[field.Name]
		if !known {
			t.Fatalf("say on which ways %s is consumed", field.Name)
		}
		d := newDischarger(t, obligation.Handler{ID: "x", Ways: obligation.On(ways...),
			Read: func(_ *pdp.Obligation, e *obligation.Effects) error {
				fill(reflect.ValueOf(e).Elem().Field(i))
				return nil
			}})
		for _, way := range ways {
			if _, err := d.Discharge(decided(way, oblige("x", `{}`)), way); (err == nil) != where.Has(way) {
				t.Errorf("%s on the way %s: %v", field.Name, way, err)
			}
		}
	}
}

// fill makes a value that is not zero: of a struct, in its last field.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Struct:
		fill(v.Field(v.NumField() - 1))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("fill " + v.Kind().String())
	}
}

// Each kind of limit counts as one that has to be consumed.
func TestEachLimitDeniesWhereItIsNotRead(t *testing.T) {
	limits := reflect.TypeFor[obligation.Limits]()
	for i := range limits.NumField() {
		d := newDischarger(t, obligation.Handler{ID: "x", Ways: obligation.On(ways...),
			Read: func(_ *pdp.Obligation, e *obligation.Effects) error {
				fill(reflect.ValueOf(&e.Limits).Elem().Field(i))
				return nil
			}})
		for _, way := range []obligation.Way{obligation.External, obligation.Proxied, obligation.Refused} {
			if _, err := d.Discharge(decided(way, oblige("x", `{}`)), way); err == nil {
				t.Errorf("%s was dropped on the way %s", limits.Field(i).Name, way)
			}
		}
	}
}

func TestNoDecisionGoesNowhere(t *testing.T) {
	d := newDischarger(t)
	for _, test := range []struct {
		allow bool
		way   obligation.Way
	}{{true, 0}, {false, 0}, {true, obligation.Refused}, {false, obligation.Service}, {true, obligation.Stream}, {true, obligation.Upload}, {true, 99}} {
		if e, err := d.Discharge(&pdp.Decision{Allow: test.allow}, test.way); err == nil || e.Ways != 0 {
			t.Errorf("allow %t went the way %s", test.allow, test.way)
		}
	}
	for _, w := range append([]obligation.Way{0, obligation.Stream, obligation.Upload, 99}, ways...) {
		if (obligation.Ways(0)).Has(w) || (^obligation.Ways(0)).Has(0) || (^obligation.Ways(0)).Has(99) {
			t.Errorf("%s is in a set that has it not", w)
		}
	}
}

func TestHandlersAreCheckedWhenTheyAreListed(t *testing.T) {
	read := func(*pdp.Obligation, *obligation.Effects) error { return nil }
	for name, list := range map[string][]obligation.Handler{
		"no id":     {{Read: read}},
		"no reader": {{ID: "x"}},
		"twice":     {{ID: "x", Read: read}, {ID: "x", Read: read}},
	} {
		if _, err := obligation.New(list); err == nil || !strings.Contains(err.Error(), "obligation") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if d, err := obligation.New(nil); err != nil {
		t.Error(err)
	} else if _, err := d.Discharge(decided(obligation.Service, oblige("withhold", `{"fields":["a"]}`)), obligation.Service); err == nil {
		t.Error("a discharger without handlers kept an obligation")
	}
}

// An obligation that cannot be read does not keep a session from its
// revocation.
func TestAnUnknownObligationSavesNoSession(t *testing.T) {
	e, err := newDischarger(t).Discharge(decided(obligation.Refused, oblige("ban", `{}`), oblige("revoke_session", `{"reason":"device_changed"}`)), obligation.Refused)
	if err == nil || !reflect.DeepEqual(e.Revoke, []string{"device_changed"}) {
		t.Errorf("got %+v, %v", e, err)
	}
}

// What one list of obligations amounts to is never taken for another's, however
// their bytes fall together, nor what it amounts to on one way for another way.
func TestListsAreNotMistaken(t *testing.T) {
	d := newDischarger(t)
	fields := func(names string) pdp.Obligation { return oblige("withhold", `{"fields":[`+names+`]}`) }
	for range 2 {
		for _, test := range []struct {
			way   obligation.Way
			given []pdp.Obligation
			want  []string
			fails bool
		}{
			{way: obligation.Service, given: []pdp.Obligation{fields(`"a"`), fields(`"b"`)}, want: []string{"a", "b"}},
			{way: obligation.Service, given: []pdp.Obligation{fields(`"a"`)}, want: []string{"a"}},
			{way: obligation.External, given: []pdp.Obligation{fields(`"a"`)}, fails: true},
			{way: obligation.Refused, given: []pdp.Obligation{fields(`"a"`)}},
			{way: obligation.Service, given: []pdp.Obligation{oblige("withhol", `d{"fields":["a"]}`)}, fails: true},
			{way: obligation.Service},
		} {
			got, err := d.Discharge(decided(test.way, test.given...), test.way)
			if (err != nil) != test.fails || !reflect.DeepEqual(got.Limits.Withhold, test.want) {
				t.Errorf("%s %v: got %+v, %v", test.way, test.given, got, err)
			}
		}
	}
}

package obligation_test

import (
	"reflect"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

func oblige(id, properties string) pdp.Obligation {
	return pdp.Obligation{ID: id, Properties: []byte(properties)}
}

func newDischarger(t *testing.T, handlers ...obligation.Handler) *obligation.Discharger {
	t.Helper()
	d, err := obligation.New(append(obligation.All(), handlers...))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// decided is a decision with obligations, for a way.
func decided(way obligation.Way, given ...pdp.Obligation) *pdp.Decision {
	return &pdp.Decision{Allow: way != obligation.Refused, Obligations: given}
}

// A reading is one list of obligations and what it amounts to on a way.
type reading struct {
	name  string
	way   obligation.Way
	given []pdp.Obligation
	want  obligation.Effects // but for its ways
	fails bool
}

// runReadings reads each list twice: the second time from memory.
func runReadings(t *testing.T, tests []reading) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDischarger(t)
			for _, time := range []string{"first", "second"} {
				got, err := d.Discharge(decided(test.way, test.given...), test.way)
				if (err != nil) != test.fails {
					t.Fatalf("%s: error %v", time, err)
				}
				if test.fails {
					continue
				}
				got.Ways = test.want.Ways
				if !reflect.DeepEqual(got, test.want) {
					t.Errorf("%s: got %+v, want %+v", time, got, test.want)
				}
			}
		})
	}
}

// bindsOn asserts on which ways an obligation can be kept. Where it means
// nothing, on a denial, it is skipped.
func bindsOn(t *testing.T, given pdp.Obligation, want ...obligation.Way) {
	t.Helper()
	d := newDischarger(t)
	binds := obligation.On(want...)
	for _, way := range ways {
		e, err := d.Discharge(decided(way, given), way)
		if kept := err == nil; kept != (binds.Has(way) || way == obligation.Refused) {
			t.Errorf("%s on the way %s: %v", given.ID, way, err)
		}
		if err == nil && binds.Has(way) && e.Ways != binds {
			t.Errorf("%s on the way %s: its effects can be kept on %b, want %b", given.ID, way, e.Ways, binds)
		}
	}
}

// ways are all that a decision can go.
var ways = []obligation.Way{
	obligation.Refused, obligation.Service, obligation.External, obligation.ProxiedService, obligation.Proxied,
}

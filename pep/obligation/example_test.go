package obligation_test

import (
	"fmt"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

// An obligation denies on a way on which it cannot be kept, and so does one that
// no handler knows.
func ExampleDischarger_Discharge() {
	d, err := obligation.New(obligation.All())
	if err != nil {
		fmt.Println(err)
		return
	}
	allowed := func(id, properties string) *pdp.Decision {
		return &pdp.Decision{Allow: true, Obligations: []pdp.Obligation{{ID: id, Properties: []byte(properties)}}}
	}
	withhold := allowed("withhold", `{"fields":["contact"]}`)
	effects, err := d.Discharge(withhold, obligation.Service)
	fmt.Println(effects.Limits.Withhold, err)
	_, err = d.Discharge(withhold, obligation.External)
	fmt.Println(err)
	_, err = d.Discharge(allowed("shred", ""), obligation.Service)
	fmt.Println(err)
	// Output:
	// [contact] <nil>
	// obligation withhold: it cannot be kept on the way external
	// obligation shred: this enforcement point does not know it
}

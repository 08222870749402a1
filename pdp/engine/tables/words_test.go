package tables

import (
	"testing"

	"github.com/wardgate/wardgate/pdp"
)

func TestFailuresBecomeWords(t *testing.T) {
	table := &Tables{limits: limitRows{WrongPasswords: 3, KnownWrongPasswords: 2, CodeAttempts: 1}}
	for name, c := range map[string]struct {
		logIn pdp.LogIn
		want  string
	}{
		"none":                        {pdp.LogIn{}, "none"},
		"two passwords":               {pdp.LogIn{Factor: pdp.FactorPassword, Failures: 2}, "few"},
		"two from a known network":    {pdp.LogIn{Factor: pdp.FactorPassword, Failures: 2, Familiar: pdp.FamiliarNetwork}, "few"},
		"two from a known device":     {pdp.LogIn{Factor: pdp.FactorPassword, Failures: 2, Familiar: pdp.FamiliarDevice}, "many"},
		"three passwords":             {pdp.LogIn{Factor: pdp.FactorPassword, Failures: 3}, "many"},
		"a code":                      {pdp.LogIn{Factor: pdp.FactorCode, Failures: 1}, "many"},
		"a factor that nobody counts": {pdp.LogIn{Factor: "iris", Failures: 1}, "many"},
		"a count without a factor":    {pdp.LogIn{Failures: 9}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := table.Failures(&c.logIn); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

package password_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/wardgate/wardgate/pip/identity/password"
)

// quick counts comparisons, at the least cost.
type quick struct{ compared int }

func (*quick) Hash(secret []byte, _ int) ([]byte, error) {
	return bcrypt.GenerateFromPassword(secret, bcrypt.MinCost)
}

func (q *quick) Same(hash, secret []byte) bool {
	q.compared++
	return strings.HasPrefix(string(hash), "$2a$04$") && bcrypt.CompareHashAndPassword(hash, secret) == nil
}

const (
	composed   = "caf\u00e9 au lait"  // one character
	decomposed = "cafe\u0301 au lait" // a letter and an accent
	noBreak    = "caf\u00e9\u00a0au\u3000lait"
)

// A password is the same from every keyboard.
func TestOneFormOfEachPassword(t *testing.T) {
	for _, chosen := range []string{composed, decomposed, noBreak} {
		hash, err := password.HashWith(&quick{}, chosen)
		if err != nil {
			t.Fatal(err)
		}
		for _, given := range []string{composed, decomposed, noBreak} {
			if !password.Same(&quick{}, hash, given) {
				t.Errorf("%+q was chosen, and %+q is refused", chosen, given)
			}
		}
		for _, other := range []string{"cafe au lait", "Caf\u00e9 au lait", composed + " ", "caf\u00e9au lait"} {
			if password.Same(&quick{}, hash, other) {
				t.Errorf("%+q was chosen, and %+q is taken", chosen, other)
			}
		}
	}
}

// A hash from before normal forms goes on being good for the bytes it was made of.
func TestOlderHashesAreTaken(t *testing.T) {
	hash, err := (&quick{}).Hash([]byte(decomposed), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !password.Same(&quick{}, string(hash), decomposed) {
		t.Error("the bytes of before are refused")
	}
	if password.Same(&quick{}, string(hash), composed) {
		t.Error("other bytes are taken")
	}
}

// The work is that of what was given: it tells nothing of an account.
func TestWorkTellsNothingOfTheAccount(t *testing.T) {
	modern, err := password.HashWith(&quick{}, composed)
	if err != nil {
		t.Fatal(err)
	}
	older, err := (&quick{}).Hash([]byte(decomposed), 0)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("e\u0301", 30) // 90 bytes, and 60 in its normal form
	for given, want := range map[string]int{composed: 1, decomposed: 2, "plain ascii text": 1, long: 2, strings.Repeat("a", 100): 1, "\xff\xfe no text": 1} {
		for name, hash := range map[string]string{"modern": modern, "older": string(older), "no account": ""} {
			q := &quick{}
			password.Same(q, hash, given)
			if q.compared != want {
				t.Errorf("%+q, %s: %d comparisons, want %d", given, name, q.compared, want)
			}
		}
	}
}

func TestWhatMayBeChosen(t *testing.T) {
	cases := []struct {
		name, chosen string
		want         error
	}{
		{"composed", composed, nil},
		{"75 bytes that are 50 in their normal form", strings.Repeat("e\u0301a\u0300o\u0302i\u0308u\u0300", 5), nil},
		{"ten characters that are five letters", "e\u0301a\u0300o\u0302i\u0308u\u0300", password.ErrMalformed},
		{"73 bytes", strings.Repeat("abcdefgh ", 8) + "x", password.ErrMalformed},
		{"NUL", "a lamp on\x00the stair", password.ErrMalformed},
		{"line break", "a lamp on\nthe stair", password.ErrMalformed},
		{"no UTF-8", "a lamp on \xff the stair", password.ErrMalformed},
		{"common", "Password12345", password.ErrCommon},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := password.Check(c.chosen); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

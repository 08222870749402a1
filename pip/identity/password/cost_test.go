package password

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// What is shipped hashes at 12; what is tested costs less, and is compared with a decoy of
// the same cost.
func TestPasswordsAreCostly(t *testing.T) {
	if got := costIn(false); got != 12 {
		t.Errorf("got a cost of %d, want 12", got)
	}
	hash, err := Hash("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{hash, string(decoyHash)} {
		if got, err := bcrypt.Cost([]byte(h)); got != cost || err != nil {
			t.Errorf("got a cost of %d (%v), want %d", got, err, cost)
		}
	}
	if err := CheckHash(strings.Replace(hash, "$05$", "$04$", 1)); err == nil {
		t.Error("a hash of a lower cost is taken")
	}
}

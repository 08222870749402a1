package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/wardgate/wardgate/pip/identity/vault"
)

const (
	codeSize  = 6
	firstCode = 100000
	codeCount = 900000
)

// newCode draws a code, and what is kept of it: a keyed hash over the code and
// a salt. Six digits are soon guessed from any hash that has no key.
func newCode(v *vault.Vault) (code, kept string, err error) {
	n, err := rand.Int(rand.Reader, big.NewInt(codeCount))
	if err != nil {
		return "", "", fmt.Errorf("draw code: %w", err)
	}
	code = strconv.FormatInt(firstCode+n.Int64(), 10)
	kept, err = keepCode(v, rand.Text(), code)
	return code, kept, err
}

func keepCode(v *vault.Vault, salt, code string) (string, error) {
	mark, err := v.Mark("codes/"+salt, code)
	if err != nil {
		return "", err
	}
	return salt + "/" + mark, nil
}

// sameCode compares an answer with what newCode kept. It does the same work when
// nothing was kept.
func sameCode(v *vault.Vault, kept, answer string) (bool, error) {
	if !IsCode(answer) {
		return false, nil
	}
	salt, _, _ := strings.Cut(kept, "/")
	given, err := keepCode(v, salt, answer)
	if err != nil {
		return false, err
	}
	return kept != "" && subtle.ConstantTimeCompare([]byte(given), []byte(kept)) == 1, nil
}

// IsCode accepts exactly six digits: no blanks, no other digits than ASCII.
func IsCode(answer string) bool {
	if len(answer) != codeSize {
		return false
	}
	for i := range codeSize {
		if answer[i] < '0' || answer[i] > '9' {
			return false
		}
	}
	return true
}

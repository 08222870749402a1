package pip

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxPasskeyName is the longest name of a passkey, in characters.
const maxPasskeyName = 64

// A Passkey is one key of a person for logging in, as its owner sees it.
type Passkey struct {
	ID       string
	Name     string // that its owner gave it; "" of one that was lost with a database
	Created  time.Time
	LastUsed time.Time // zero when it was never used
	Synced   bool      // its maker keeps a copy of it, as its authenticator says
}

// PasskeyName returns a name of a passkey without the blanks around it, and whether it is
// one: 1 to 64 characters that can be shown.
func PasskeyName(text string) (name string, fits bool) {
	name = strings.TrimSpace(text)
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxPasskeyName {
		return "", false
	}
	return name, !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Normal is the form in which a password is checked, hashed and compared: that of
// OpaqueString (RFC 8265, section 4.2). Keyboards and systems write one letter as
// one character or as a letter and an accent behind it, and blanks in more than
// one way; a person cannot see the difference. Case and width stay as they are.
// Text that is no UTF-8 has no such form, and is returned as it is.
func Normal(password string) string {
	if !utf8.ValidString(password) {
		return password
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, password))
}

// choosable reports whether a password has characters that every way of typing
// it keeps: whole ones, and no control characters.
func choosable(password string) bool {
	return utf8.ValidString(password) && !strings.ContainsFunc(password, unicode.IsControl)
}

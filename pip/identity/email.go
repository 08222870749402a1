package identity

import (
	"net/mail"
	"strings"
)

// maxEmail is the longest forward path of SMTP (RFC 5321, section 4.5.3.1.3).
const maxEmail = 254

// ParseEmail returns the canonical form of a bare e-mail address: lower case,
// no display name, no quoting, no comment. It is the only reader of addresses,
// so that two spellings of one mailbox can never be two accounts. The error is
// ErrEmail and repeats nothing of the input.
func ParseEmail(text string) (string, error) {
	if len(text) == 0 || len(text) > maxEmail || !printableASCII(text) {
		return "", ErrEmail
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || a.Address != text || strings.ContainsAny(text, `"<>()[]\,;: `) {
		return "", ErrEmail
	}
	return strings.ToLower(text), nil
}

// printableASCII keeps out control characters and, because case folding beyond
// ASCII is ambiguous, everything that is not ASCII.
func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

package chain

import (
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. Everything that is not printable is
// escaped, so that no field can break a line, drive the terminal of the
// journal's reader, or show its text in another order. Invalid UTF-8 becomes
// U+FFFD, as in encoding/json.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	clean := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
				i += size
				continue
			}
		}
		b = append(b, s[clean:i]...)
		b = appendEscape(b, r)
		i += size
		clean = i
	}
	b = append(b, s[clean:]...)
	return append(b, '"')
}

func appendEscape(b []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(b, '\\', byte(r))
	case r == '\n':
		return append(b, '\\', 'n')
	case r > 0xffff:
		r -= 0x10000
		return appendUnit(appendUnit(b, 0xd800|r>>10), 0xdc00|r&0x3ff)
	default:
		return appendUnit(b, r)
	}
}

func appendUnit(b []byte, u rune) []byte {
	return append(b, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

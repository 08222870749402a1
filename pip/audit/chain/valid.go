package chain

// maxDepth is how deep an input may nest, so that no input can exhaust the stack.
const maxDepth = 200

// ValidJSON reports whether b is exactly one JSON value (RFC 8259). It accepts
// what encoding/json accepts, up to maxDepth, at a fraction of the cost: each
// request of the hospital waits for it.
func ValidJSON(b []byte) bool {
	i := skipValue(b, skipBlank(b, 0), maxDepth)
	return i >= 0 && skipBlank(b, i) == len(b)
}

// The skip functions return the index after what they skip, or -1 when it is
// not there.

func skipBlank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func skipValue(b []byte, i, depth int) int {
	if i < 0 || i >= len(b) || depth == 0 {
		return -1
	}
	switch b[i] {
	case '{':
		return skipMembers(b, i+1, '}', depth-1)
	case '[':
		return skipMembers(b, i+1, ']', depth-1)
	case '"':
		return skipString(b, i+1)
	case 't':
		return skipWord(b, i, "true")
	case 'f':
		return skipWord(b, i, "false")
	case 'n':
		return skipWord(b, i, "null")
	default:
		return skipNumber(b, i)
	}
}

// skipMembers skips the rest of an object or an array.
func skipMembers(b []byte, i int, end byte, depth int) int {
	i = skipBlank(b, i)
	if i < len(b) && b[i] == end {
		return i + 1
	}
	for {
		i = skipBlank(b, i)
		if end == '}' {
			if i >= len(b) || b[i] != '"' {
				return -1
			}
			if i = skipString(b, i+1); i < 0 {
				return -1
			}
			if i = skipBlank(b, i); i >= len(b) || b[i] != ':' {
				return -1
			}
			i = skipBlank(b, i+1)
		}
		if i = skipValue(b, i, depth); i < 0 {
			return -1
		}
		if i = skipBlank(b, i); i >= len(b) {
			return -1
		}
		if b[i] == end {
			return i + 1
		}
		if b[i] != ',' {
			return -1
		}
		i++
	}
}

// skipString skips the rest of a string. Bytes that are not UTF-8 pass, as in
// encoding/json; they cannot end a string.
func skipString(b []byte, i int) int {
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c < ' ':
			return -1
		case c != '\\':
			i++
		case i+1 >= len(b):
			return -1
		case b[i+1] == 'u':
			if i+6 > len(b) || !allHex(b[i+2:i+6]) {
				return -1
			}
			i += 6
		case !isEscape(b[i+1]):
			return -1
		default:
			i += 2
		}
	}
	return -1
}

func isEscape(c byte) bool {
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	}
	return false
}

func allHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

func skipWord(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

func skipNumber(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i = skipDigits(b, i); i < 0 {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		if i = skipDigits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return skipDigits(b, i)
	}
	return i
}

// skipDigits skips one digit or more.
func skipDigits(b []byte, i int) int {
	start := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

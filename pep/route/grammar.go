package route

import (
	"fmt"
	"strings"
)

// A kind is what one segment of a path takes. Stricter kinds come first: what a stricter
// one takes, a looser one takes too, or the two have nothing in common.
type kind int

const (
	literal kind = iota // one text
	uuid                // as RFC 9562 writes it: in lower case
	oid                 // as DICOM has them (PS3.5, section 9.1)
	id                  // IsID
	segment             // isSegment
	rest                // one segment or more to the end of the path, of which the last may be empty
)

// grammars are the kinds that a parameter may name, with what they take.
var grammars = []struct {
	name string
	kind kind
	what string
}{
	{"uuid", uuid, "a UUID in lower case"},
	{"oid", oid, "an OID of up to 64 digits and dots"},
	{"id", id, "an id of up to 64 small letters, digits, - and _"},
	{"segment", segment, "up to 128 letters, digits, - . _ and ~, without a dot at the end"},
}

// The longest that segments may be, in bytes.
const (
	maxID      = 64
	maxSegment = 128
)

// takes reports whether a segment is of the grammar of a parameter.
func (k kind) takes(s string) bool {
	switch k {
	case id:
		return IsID(s)
	case uuid:
		return isUUID(s)
	case oid:
		return isOID(s)
	case segment:
		return isSegment(s)
	default:
		return false
	}
}

// overlaps reports whether some segment is of both of two grammars.
func (k kind) overlaps(other kind) bool {
	strict, loose := min(k, other), max(k, other)
	return strict == loose || loose == segment || strict == uuid && loose == id
}

// one reports whether each segment of the grammar has no other spelling of the same
// grammar: no other case of letters, no dot at its end.
func (k kind) one() bool { return k == uuid || k == oid || k == id }

// IsID accepts what an id may look like in a path: one spelling, no free text.
func IsID(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		plain := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !plain && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return true
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// isOID accepts two components or more, none of which begins with a zero that is not all
// of it.
func isOID(s string) bool {
	if len(s) > maxID {
		return false
	}
	components := 0
	for component := range strings.SplitSeq(s, ".") {
		if component == "" || len(component) > 1 && component[0] == '0' || strings.Trim(component, "0123456789") != "" {
			return false
		}
		components++
	}
	return components > 1
}

// isSegment accepts unreserved characters (RFC 3986, section 2.3). It takes no
// percent-encoding, of which programs may decode more or less, and no dot at the end,
// which some drop.
func isSegment(s string) bool {
	return s != "" && len(s) <= maxSegment && unreserved(s) && s[len(s)-1] != '.'
}

// isRest accepts what a rest takes of a path: segments of unreserved characters, none of
// them of dots alone, of which the last may be empty.
func isRest(s string) bool {
	for s != "" {
		one, tail, more := strings.Cut(s, "/")
		if !unreserved(one) || strings.Trim(one, ".") == "" {
			return false
		}
		if s = tail; !more {
			break
		}
	}
	return true
}

func unreserved(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' && c != '~' {
			return false
		}
	}
	return true
}

// Fits reports whether a part of a template, as a row of the table has it, takes a
// segment of a path, and what it takes.
func Fits(part, segment string) (fits bool, takes string) {
	e, err := elementOf(part)
	switch {
	case err != nil:
		return false, "nothing"
	case e.kind == literal:
		return part == segment, fmt.Sprintf("%q", part)
	case e.kind == rest:
		return isRest(segment), "segments of letters, digits, - . _ and ~"
	}
	for _, g := range grammars {
		if g.kind == e.kind {
			takes = g.what
		}
	}
	return e.kind.takes(segment), takes
}

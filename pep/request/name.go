package request

import (
	"strings"
	"unicode"
)

// Reads reports whether some program takes a parameter of a query, or a field of a form,
// that is said under one name for that of another: in other letters, with blanks around, as
// a member of a list (id[], [id]), or with what PHP writes as _ ("a.b", "a b" and "a[b").
//
// name is of ASCII. A query is read before it is known who asks, and may have thousands of names.
func Reads(said, name string) bool {
	if len(said) < len(name) { // each letter of a name takes a byte
		return false
	}
	said, name = foldName(said), foldName(name)
	if said == name {
		return true
	}
	member := strings.TrimLeft(said, "[]") // as Rack and qs do
	if at := strings.IndexAny(member, "[]"); at >= 0 {
		member = member[:at]
	}
	return member == name || strings.ReplaceAll(said, "[", "_") == name
}

// foldName is the form of all names that some program takes for the same without a look at
// brackets. A second question mark is left out by some, and what has no look by others.
func foldName(name string) string {
	name = strings.TrimFunc(name, func(r rune) bool { return r == '?' || unicode.IsSpace(r) || !unicode.IsPrint(r) })
	return underscores.Replace(strings.ToLower(strings.ToUpper(name)))
}

var underscores = strings.NewReplacer(".", "_", " ", "_")

// overrides reports whether some program takes a parameter or a field for the method of the
// request.
func overrides(said string) bool { return Reads(said, "_method") }

// Package bundle reads and writes rule books as signed OPA bundles: the format
// that any OPA control plane serves and any OPA reads. It owns what makes such
// a file trustworthy, and refuses every file of which it is not certain. It
// never decides which rule book is in force.
//
// A bundle is a gzip-compressed tar archive of Rego files, a manifest and one
// signature, a JSON Web Token over the digest of every file. Wardgate takes
// less than OPA does: Rego alone, no loose data, no delta bundles, no plugins,
// no digest weaker than SHA-256, and no unsigned bundle whatsoever.
package bundle

import "errors"

// Limits of a bundle. One that exceeds them is refused before it is parsed.
const (
	MaxPacked   = 8 << 20  // bytes of the file
	maxUnpacked = 16 << 20 // bytes of all that is in it
	maxFiles    = 10_000
)

// Why a bundle is refused. What errors.Is finds is stable; the text tells more.
var (
	ErrMalformed = errors.New("the bundle is malformed")
	ErrUnsigned  = errors.New("the bundle is not signed")
	ErrSignature = errors.New("the bundle's signature is not to be trusted")
	ErrVersion   = errors.New("the bundle does not say how new it is")
)

// Package policies carries the hospital's rule book inside the program, so
// that it decides by the same text that `opa test policies/` tests. It holds
// one embedded file system and imports nothing.
package policies

import "embed"

// FS is the rule book as the program was built with. Paths begin at this folder.
//
//go:embed authz invariants records sentinel
var FS embed.FS

package diff

import "github.com/wardgate/wardgate/internal/longrun"

// So many random edits, and inputs of each, find a mistake at once.
var (
	edits   = longrun.Times(4, 60)
	samples = longrun.Times(2_000, 10_000)
)

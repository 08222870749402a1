package prove

import "github.com/wardgate/wardgate/internal/longrun"

// So many inputs are asked about, and OPA about so many of them.
var (
	inputs  = longrun.Times(20_000, 1_000_000)
	asksOPA = longrun.Times(400, 1_000_000)
)

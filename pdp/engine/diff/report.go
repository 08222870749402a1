// Package diff says what two rule books answer otherwise: for every possible
// input, in classes that people read, and table by table where Go goes by a table.
// It decides nothing, and asks OPA about every example that it shows.
package diff

import (
	"encoding/json"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/conditions"
)

// A Report is everything that differs between two rule books.
type Report struct {
	// OK is true when nothing differs but what was allowed.
	OK bool `json:"ok"`
	// Equal is true when both answer alike for every possible input, and every table
	// that Go goes by is alike.
	Equal       bool     `json:"equal"`
	Old         Side     `json:"old"`
	New         Side     `json:"new"`
	Assumptions []string `json:"assumptions"`

	// NotCompared is what one of the books has and the other cannot be asked about.
	NotCompared []NotCompared `json:"not_compared"`
	// Actions has an entry for every action and role.
	Actions []Pair  `json:"actions"`
	Classes []Class `json:"classes"`
	// Tables are the cells of tables that differ.
	Tables []Cell `json:"tables"`
	// Rules are the rules that are written otherwise, outside of tables.
	Rules []Rule `json:"rules"`

	// Stale are entries of the file of allowed changes that met none.
	Stale    []Allowance   `json:"stale_allowances"`
	Duration time.Duration `json:"duration_ns"`

	entrypoint string // where the new book's first file stands
}

// A Side is one of the books.
type Side struct {
	Name     string `json:"name"`
	Revision string `json:"revision"`
}

// How one book compares with the other, for one action and role or one class. Of a
// denial those duties count that befall who is denied (answer.OfDenials).
const (
	Equal        = "equal"
	Looser       = "looser"       // something is allowed that was not, or loses a duty, mask or row condition
	Stricter     = "stricter"     // the other way round
	Incomparable = "incomparable" // both
)

// A Pair is one action and one role. AnswersDiffer is true when some answer
// differs, if only in its reasons.
type Pair struct {
	Action        string `json:"action"`
	Role          string `json:"role"`
	Change        string `json:"change"`
	AnswersDiffer bool   `json:"answers_differ"`
}

// Within which inputs the situations of a class are told.
const (
	AllowedByNew  = "allowed_by_new"
	AllowedByOld  = "allowed_by_old"
	AllowedByBoth = "allowed_by_both"
	DeniedByBoth  = "denied_by_both"
	OfSentinel    = "of_sentinel"
	All           = "all"
)

// The effects of a change, the gravest first.
const (
	NewlyAllowed    = "newly_allowed"
	NewlyDenied     = "newly_denied"
	DutiesLost      = "duties_lost"      // allowed by both, with fewer duties or more rows
	DutiesChanged   = "duties_changed"   // some are lost, some are new
	DutiesGained    = "duties_gained"    // allowed by both, with more duties or fewer rows
	VerdictsChanged = "verdicts_changed" // of the sentinel
	DeniedOtherwise = "denied_otherwise" // for other reasons, or with other duties
	GroundsChanged  = "grounds_changed"  // allowed under another rule or right
	Unseen          = "unseen"           // what differs stands in no answer: rows or columns of what is denied
)

var effects = []string{NewlyAllowed, NewlyDenied, DutiesLost, DutiesChanged, DutiesGained, VerdictsChanged, DeniedOtherwise, GroundsChanged, Unseen}

// A Class is all situations in which the same changes.
type Class struct {
	// ID is the same whenever the same changes in the same situations.
	ID     string `json:"id"`
	Effect string `json:"effect"`
	Change string `json:"change"`
	// Gained and Lost are what the new book says and the old does not, and the other
	// way round: "reason step_up_required", "obligation withhold fields contains contact".
	Gained []string `json:"gained,omitempty"`
	Lost   []string `json:"lost,omitempty"`
	// Some is what changes in some of the situations: "+reason …", "-reason …".
	Some    []string `json:"some,omitempty"`
	Actions []string `json:"actions,omitempty"`
	Roles   []string `json:"roles,omitempty"`
	// Where are the situations: among the inputs Within, exactly those that are as one
	// of the rows says. Partly means that the rows leave conditions out, because there
	// would be too many of them.
	Within  string           `json:"within"`
	Where   []conditions.Row `json:"where"`
	Partly  bool             `json:"partly,omitempty"`
	Example Example          `json:"example"`
	// Examples are those of a class in which several changes are taken together: each of
	// Some is shown by one of them.
	Examples []Shown `json:"examples,omitempty"`
	Places   []Place `json:"places"`
	Allowed  string  `json:"allowed,omitempty"` // why a person meant it
}

// An Example is a smallest input of a class: of no other do fewer members differ
// from an input about which nothing is known. Old and New are what OPA answers.
type Example struct {
	Input     json.RawMessage `json:"input"`
	Situation []string        `json:"situation"`
	Old       Answer          `json:"old"`
	New       Answer          `json:"new"`
}

// Shown is an example, and which of the changes of its class it shows. Change is how the
// books compare for this very input.
type Shown struct {
	Shows  []string `json:"shows"`
	Change string   `json:"change"`
	Example
}

// An Answer is that of data.authz.answer, and what stands beside it. A null answer
// is an evaluation that fails, which denies.
type Answer struct {
	Answer   json.RawMessage `json:"answer"`
	Rows     json.RawMessage `json:"rows,omitempty"`
	Columns  json.RawMessage `json:"columns,omitempty"`
	Verdicts json.RawMessage `json:"verdicts,omitempty"`
}

// A Place is a changed row of a table or a changed rule. Old means that it stands in
// the old book alone.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Old  bool   `json:"old,omitempty"`
}

// A Cell is one of a table that differs. An absent value is null. Outside means
// that Go goes by the table, so that the cell is a change by itself.
type Cell struct {
	ID      string          `json:"id"`
	Table   string          `json:"table"`
	Row     string          `json:"row,omitempty"`
	Cell    string          `json:"cell,omitempty"`
	Old     json.RawMessage `json:"old"`
	New     json.RawMessage `json:"new"`
	Outside bool            `json:"outside"`
	Place   Place           `json:"place"`
	Allowed string          `json:"allowed,omitempty"`
}

// A Rule is one that only one of the books has so.
type Rule struct {
	Package string `json:"package"`
	Name    string `json:"name"`
	Place   Place  `json:"place"`
	words   []string
}

// NotCompared is a part of the books that could not be compared, and why.
type NotCompared struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Why     string `json:"why"`
	Allowed string `json:"allowed,omitempty"`
}

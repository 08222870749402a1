package audit

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

// The journal's records about itself, all of kind "system". Their facts are
// in the input.
const (
	actionOpen   = "journal.open"   // a writer took the folder
	actionRepair = "journal.repair" // unacknowledged bytes were set aside
	actionResume = "journal.resume" // events had been refused before this record
	actionClose  = "journal.close"  // the writer let go in good order
	actionPrune  = "journal.prune"  // the oldest segments are removed, as their time is over
	actionLoss   = "journal.loss"   // a person answered for records that are gone
)

type openFacts struct {
	Adopted     int  `json:"adopted"`      // whole records that no signed head had named
	SlotDamaged bool `json:"slot_damaged"` // a slot of the head had to be disregarded
}

type repairFacts struct {
	File   string `json:"file"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

type resumeFacts struct {
	Refused int `json:"refused"`
}

func systemEntry(action, detail string, facts any) (*entry, error) {
	e, err := systemEvent(action, detail, facts)
	if err != nil {
		return nil, err
	}
	body, err := chain.AppendEvent(nil, &e)
	return &entry{body: body}, err
}

func systemEvent(action, detail string, facts any) (pip.Event, error) {
	e := pip.Event{Kind: pip.KindSystem, Time: time.Now(), Action: action, Outcome: "success", Detail: detail}
	if facts == nil {
		return e, nil
	}
	input, err := json.Marshal(facts)
	if err != nil {
		return e, fmt.Errorf("encode %s: %w", action, err)
	}
	e.Input = input
	return e, nil
}

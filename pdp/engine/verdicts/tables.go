package verdicts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
)

// limits are the counts from which on behaviour is "many".
type limits struct {
	Requests        int `json:"requests"`
	Denials         int `json:"denials"`
	SprayedAccounts int `json:"sprayed_accounts"`
	Patients        int `json:"patients"`
	Predictions     int `json:"predictions"`
}

// tablesDocument is data.sentinel.tables.
type tablesDocument struct {
	Thresholds limits                `json:"thresholds"`
	External   map[string]int        `json:"external"`
	Verdicts   map[string]verdictRow `json:"verdicts"`
	ByMachine  byMachine             `json:"by_machine"`
}

func (j *Judge) readTables(ctx context.Context, c *ast.Compiler) error {
	results, err := rego.New(rego.Query(TablesQuery), rego.Compiler(c), rego.StrictBuiltinErrors(true)).Eval(ctx)
	if err != nil || len(results) != 1 {
		return errors.Join(errors.New("sentinel.tables cannot be read"), err)
	}
	raw, err := json.Marshal(results[0].Expressions[0].Value)
	if err != nil {
		return fmt.Errorf("sentinel.tables: %w", err)
	}
	var d tablesDocument
	misfits := tables.Misfits(results[0].Expressions[0].Value, reflect.TypeFor[tablesDocument]())
	for i, fault := range misfits {
		misfits[i] = fmt.Errorf("sentinel.tables: %w", fault)
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		if len(misfits) > 0 {
			return errors.Join(misfits...)
		}
		return fmt.Errorf("sentinel.tables: %w", err)
	}
	j.limits, j.external, j.rows = d.Thresholds, d.External, slices.Sorted(maps.Keys(d.Verdicts))
	return errors.Join(append(misfits, d.Thresholds.fault(), externalFault(d.External), verdictsFault(d.Verdicts), d.ByMachine.fault())...)
}

func (l *limits) fault() error {
	if min(l.Requests, l.Denials, l.SprayedAccounts, l.Patients, l.Predictions) <= 0 {
		return errors.New("sentinel.tables: thresholds: expected requests, denials, sprayed_accounts, patients and predictions, each a whole number above 0")
	}
	return nil
}

func externalFault(external map[string]int) error {
	for kind, n := range external {
		if n <= 0 {
			return fmt.Errorf("sentinel.tables: external.%s: expected a whole number above 0", kind)
		}
	}
	return nil
}

// A verdictRow is one row of the table of verdicts.
type verdictRow struct {
	Do        pdp.VerdictAction `json:"do"`
	Seconds   int               `json:"seconds"`
	Tell      []string          `json:"tell"`
	AlertOnly *bool             `json:"alert_only"`
}

func verdictsFault(verdicts map[string]verdictRow) error {
	var faults []error
	for _, id := range slices.Sorted(maps.Keys(verdicts)) {
		row := verdicts[id]
		for _, err := range verdictFaults(pdp.Verdict{ID: id, Do: row.Do, Seconds: row.Seconds, Tell: row.Tell}) {
			faults = append(faults, fmt.Errorf("sentinel.tables: verdicts.%s: %w", id, err))
		}
		if row.AlertOnly == nil {
			faults = append(faults, fmt.Errorf("sentinel.tables: verdicts.%s: alert_only: expected true or false", id))
		}
	}
	return errors.Join(faults...)
}

func checkVerdict(v pdp.Verdict) error { return errors.Join(verdictFaults(v)...) }

func verdictFaults(v pdp.Verdict) (faults []error) {
	if v.ID == "" {
		faults = append(faults, errors.New("a verdict has an id"))
	}
	if !slices.Contains(pdp.VerdictActions(), v.Do) {
		faults = append(faults, fmt.Errorf("do: %q is no action%s", v.Do, tables.Near(string(v.Do), words(pdp.VerdictActions()))))
	}
	if v.Seconds < 1 || v.Seconds > tables.MaxSpan {
		faults = append(faults, fmt.Errorf("seconds: expected a whole number from 1 to %d", tables.MaxSpan))
	}
	for _, channel := range v.Tell {
		if !slices.Contains(pdp.VerdictChannels(), channel) {
			faults = append(faults, fmt.Errorf("tell: %q is no channel%s", channel, tables.Near(channel, pdp.VerdictChannels())))
		}
	}
	return faults
}

func words[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, w := range list {
		texts[i] = string(w)
	}
	return texts
}

// byMachine is what the sentinel may do by itself, by who it is about. A book may
// be without the table: its own sentence then says what a verdict does.
type byMachine map[string][]pdp.VerdictAction

func (m byMachine) fault() error {
	whos := []string{"address"}
	for _, kind := range pip.RoleKinds() {
		whos = append(whos, string(kind))
	}
	var faults []error
	for _, who := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(whos, who) {
			faults = append(faults, fmt.Errorf("sentinel.tables: by_machine: %q is no kind of account%s", who, tables.Near(who, whos)))
		}
		for _, do := range m[who] {
			if !slices.Contains(pdp.VerdictActions(), do) {
				faults = append(faults, fmt.Errorf("sentinel.tables: by_machine.%s: %q is no action%s", who, do, tables.Near(string(do), words(pdp.VerdictActions()))))
			}
		}
	}
	return errors.Join(faults...)
}

package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
)

// An approval says that a flip is meant. Role and Action may be "*"; Rule is
// compared whole, and AtMost, when it is set, bounds the count.
type approval struct {
	analysis.FlipKey `yaml:",inline"`
	AtMost           int `yaml:"at_most,omitempty" json:"at_most,omitempty"`
}

type approvals []approval

// approvalFile is the file that a reviewer reads.
type approvalFile struct {
	Flips approvals `yaml:"flips"`
}

// readApprovals reads a file; no name means that nothing is approved.
func readApprovals(file string) (approvals, error) {
	if file == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var f approvalFile
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	known := []string{analysis.NewlyAllowed, analysis.NewlyDenied, analysis.ObligationsChanged}
	for i, a := range f.Flips {
		if !slices.Contains(known, a.Direction) {
			return nil, fmt.Errorf("%s: flip %d: expected a direction of %v", file, i+1, known)
		}
	}
	return f.Flips, nil
}

func (a *approval) covers(k analysis.FlipKey) bool {
	return a.Direction == k.Direction && a.Rule == k.Rule &&
		(a.Role == "*" || a.Role == k.Role) && (a.Action == "*" || a.Action == k.Action)
}

func (list approvals) mean(f analysis.Flip) bool {
	return slices.ContainsFunc(list, func(a approval) bool {
		return a.covers(f.FlipKey) && (a.AtMost == 0 || f.Count <= a.AtMost)
	})
}

// unmeant are the flips that nobody has approved.
func (list approvals) unmeant(r *analysis.ReplayReport) []analysis.Flip {
	return slices.DeleteFunc(slices.Clone(r.Flips), list.mean)
}

// stale are approvals that met no flip: they would hide a later one.
func (list approvals) stale(r *analysis.ReplayReport) []approval {
	return slices.DeleteFunc(slices.Clone(list), func(a approval) bool {
		return slices.ContainsFunc(r.Flips, func(f analysis.Flip) bool { return a.covers(f.FlipKey) })
	})
}

func approvalsOf(r *analysis.ReplayReport) approvalFile {
	f := approvalFile{Flips: approvals{}}
	for _, flip := range r.Flips {
		f.Flips = append(f.Flips, approval{FlipKey: flip.FlipKey})
	}
	return f
}

func (f approvalFile) encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Decisions that a new rule book is meant to answer otherwise.\n" +
		"# Remove what is not meant. role and action may be \"*\"; at_most bounds the count.\n")
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(f); err != nil {
		return nil, fmt.Errorf("write approvals: %w", err)
	}
	return b.Bytes(), nil
}

package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/answer"
)

// An approval says that a flip is meant. Role, Action and Words may be "*"; Rule and
// Words are compared whole. Class counts when it is set, and AtMost, when it is set,
// bounds the count.
type approval struct {
	analysis.FlipKey `yaml:",inline"`
	AtMost           int `yaml:"at_most,omitempty" json:"at_most,omitempty"`
}

type approvals []approval

// approvalFile is the file that a reviewer reads.
type approvalFile struct {
	Version int       `yaml:"version"`
	Flips   approvals `yaml:"flips"`
}

// approvalVersion is that of files which name the words of a flip. A file without a
// version is of before: it approves whatever words the tables made otherwise.
const approvalVersion = 2

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
	return f.Flips, f.check(file)
}

// check refuses what approves nothing, and reads a file of before as it was meant.
func (f *approvalFile) check(file string) error {
	if f.Version != 0 && f.Version != approvalVersion {
		return fmt.Errorf("%s: version: expected %d, which --write-approve writes, or none for a file of before", file, approvalVersion)
	}
	for i := range f.Flips {
		a := &f.Flips[i]
		if !slices.Contains(analysis.Directions(), a.Direction) {
			return fmt.Errorf("%s: flip %d: expected a direction of %v", file, i+1, analysis.Directions())
		}
		if a.Class != "" && !slices.Contains(answer.Classes(), a.Class) {
			return fmt.Errorf("%s: flip %d: class: expected one of %v, or none for any", file, i+1, answer.Classes())
		}
		if f.Version == 0 {
			if a.Class != "" || a.Words != "" {
				return fmt.Errorf("%s: flip %d: class and words belong to files with version: %d", file, i+1, approvalVersion)
			}
			a.Words = "*"
		}
	}
	return nil
}

func (a *approval) covers(k analysis.FlipKey) bool {
	return a.Direction == k.Direction && a.Rule == k.Rule && (a.Class == "" || a.Class == k.Class) &&
		(a.Words == "*" || a.Words == k.Words) &&
		(a.Role == "*" || a.Role == k.Role) && (a.Action == "*" || a.Action == k.Action)
}

func (list approvals) mean(f analysis.Flip) bool {
	return slices.ContainsFunc(list, func(a approval) bool {
		return a.covers(f.FlipKey) && (a.AtMost == 0 || f.Count <= a.AtMost)
	})
}

// unmeant are the flips that are not approved.
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
	f := approvalFile{Version: approvalVersion, Flips: approvals{}}
	for _, flip := range r.Flips {
		f.Flips = append(f.Flips, approval{FlipKey: flip.FlipKey})
	}
	return f
}

func (f approvalFile) encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Decisions that a new rule book is meant to answer otherwise.\n" +
		"# Remove what is not meant. role, action and words may be \"*\"; at_most bounds the count.\n")
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(f); err != nil {
		return nil, fmt.Errorf("write approvals: %w", err)
	}
	return b.Bytes(), nil
}

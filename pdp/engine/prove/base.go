package prove

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
)

// A Gate proves the invariants that come with Wardgate of every rule book, beside
// the book's own. A folder does not get rid of one by leaving its file out, nor by
// another file in its place.
type Gate struct {
	Points []pip.Section  // of all information points
	Base   rulebook.Files // the invariants that come with Wardgate; other files are not looked at
	// Waivers are those of a book, with why they do not count; nil for none.
	Waivers func(rulebook.Files) []Waiver
	// Pause is called every few microseconds of a proof, which waits for it: it leaves
	// the processor to others. Its error ends the proof. nil goes on until the context
	// ends.
	Pause func() error
	// Memory is of what was proved before, and need not be proved again; nil for none.
	Memory *Memory
	// Loaded is a book that was loaded already; where it is the one that is proved, it is
	// not loaded again. nil for none.
	Loaded *rulebook.Book
}

// Prove proves all invariants of a book, as the function does. Of the book's files
// those that stand in the place of one that comes with Wardgate and differ from it
// are refused, and the latter is proved.
func (g Gate) Prove(ctx context.Context, files rulebook.Files, each func(Result)) (Report, error) {
	base := Invariants(g.Base)
	whole := maps.Clone(files)
	var changed, missing []string
	for _, name := range slices.Sorted(maps.Keys(base)) {
		switch content, there := files[name]; {
		case !there:
			missing = append(missing, name)
		case !bytes.Equal(content, base[name]):
			changed = append(changed, name)
		}
		whole[name] = base[name]
	}
	pause := g.Pause
	if pause == nil {
		pause = ctx.Err
	}
	report, err := proveBut(ctx, task{files: whole, points: g.Points, base: base, loaded: g.Loaded, memory: g.Memory, pause: pause}, each)
	if err != nil {
		return Report{}, err
	}
	for i := range report.Invariants {
		report.Invariants[i].Base = base[report.Invariants[i].File] != nil
	}
	report.waive(g.waivers(files))
	report.Missing = missing
	for _, name := range changed {
		report.replaced(name)
	}
	return report, nil
}

// replaced refuses a file that stands in the place of an invariant that comes with
// Wardgate.
func (r *Report) replaced(file string) {
	r.OK = false
	kind, name, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(file, below), ".rego"), "/")
	r.Invariants = append(r.Invariants, Result{
		Kind: kind, Name: name, File: file, Line: 1, Outcome: Refused,
		Problem: "it differs from the invariant of this name that comes with Wardgate, which is proved in its place: put that back, and say what is yours under a name of its own",
	})
}

// Invariants are the invariants among files and what waives them, without their tests.
func Invariants(files rulebook.Files) rulebook.Files {
	own := rulebook.Files{}
	for name, content := range files {
		if strings.HasPrefix(name, below) && !strings.HasSuffix(name, "_test.rego") {
			own[name] = content
		}
	}
	return own
}

// Invariants is the digest of all that the gate proves of a book, and of what is
// waived now: when a waiver ends it is another.
func (g Gate) Invariants(files rulebook.Files) string {
	all := Invariants(files)
	maps.Copy(all, Invariants(g.Base))
	for _, w := range g.waivers(files) {
		if w.Void == "" {
			all["waived "+w.Kind+" "+w.Name] = nil
		}
	}
	return digestOf(all)
}

// digestOf names files by their content.
func digestOf(files rulebook.Files) string {
	h := sha256.New()
	write := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		write([]byte(name))
		write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Package waiver reads what two people signed: that an invariant that comes with
// Wardgate need not hold of a hospital's rule book, why, and until when. One person
// alone cannot waive, and two can for a year at most. It decides nothing, and proves nothing.
package waiver

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

const (
	kind    = "wardgate-waiver-1" // what a signature is of
	signers = 2
	longest = 366 * 24 * time.Hour // that a waiver may still last
)

// A Reader reads the waivers of rule books.
type Reader struct {
	Base  rulebook.Files   // the invariants that come with Wardgate
	Trust *bundle.Trust    // whose signatures count; nil for none
	Now   func() time.Time // nil for the clock
}

// Read returns the waivers among the files of a rule book, each with why it does
// not count where it does not.
func (r Reader) Read(files rulebook.Files) []prove.Waiver {
	var list []prove.Waiver
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(name, prove.Waivers) || strings.HasSuffix(name, "_test.rego") {
			continue
		}
		w := prove.Waiver{File: name, Line: 1, By: []string{}}
		written, err := Parse(name, files[name])
		if err == nil {
			w.Kind, w.Name, _ = strings.Cut(written.Invariant, "/")
			w.Reason = written.Reason
			w.Until, w.By, err = r.verify(written)
		}
		if err != nil {
			w.Void = err.Error()
		}
		list = append(list, w)
	}
	return list
}

// verify returns until when a waiver holds and who signed it, or why it does not.
func (r Reader) verify(w *Waiver) (time.Time, []string, error) {
	day, err := time.Parse(time.DateOnly, w.Until)
	if err != nil {
		return day, nil, errors.New("until: expected a day, such as 2027-01-31")
	}
	until := day.Add(24 * time.Hour)
	now := time.Now
	if r.Now != nil {
		now = r.Now
	}
	content, known := r.Base[w.file()]
	switch {
	case strings.TrimSpace(w.Reason) == "":
		return day, nil, errors.New("reason: expected why the invariant may not hold here")
	case !now().Before(until):
		return day, nil, fmt.Errorf("it ended on %s", w.Until)
	case until.Sub(now()) > longest:
		return day, nil, errors.New("until: it lasts longer than a year from now")
	case !known:
		return day, nil, fmt.Errorf("no invariant %s comes with Wardgate", w.Invariant)
	case w.Of != digestOf(content):
		return day, nil, fmt.Errorf("it was signed of another text of the invariant; of the one here it would be %s", digestOf(content))
	}
	by, err := r.signed(w)
	return day, by, err
}

// signed are the ids whose signatures hold, each of another key.
func (r Reader) signed(w *Waiver) ([]string, error) {
	var by []string
	var faults []error
	keys := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(w.Signatures)) {
		key, err := r.Trust.VerifyStatement(kind, w.text(), id, w.Signatures[id])
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("%s: %w", id, err))
		case !keys[key]:
			keys[key] = true
			by = append(by, id)
		}
	}
	if len(by) < signers {
		return nil, errors.Join(append([]error{fmt.Errorf("it has %d of %d signatures by different keys that count here", len(by), signers)}, faults...)...)
	}
	return by, nil
}

// A Waiver as it is written.
type Waiver struct {
	Invariant  string // "never/NAME"
	Of         string // digest of the invariant's file
	Reason     string
	Until      string            // the last day, in UTC
	Signatures map[string]string // by the ids of keys
}

// New is a waiver without a signature.
func New(invariant, reason, until string, base rulebook.Files) (*Waiver, error) {
	w := &Waiver{Invariant: invariant, Reason: reason, Until: until, Signatures: map[string]string{}}
	content, known := base[w.file()]
	if !known {
		return nil, fmt.Errorf("no invariant %s comes with Wardgate: expected never/NAME, must/NAME or monotone/NAME", invariant)
	}
	w.Of = digestOf(content)
	if _, err := time.Parse(time.DateOnly, until); err != nil || strings.TrimSpace(reason) == "" {
		return nil, errors.New("expected a reason, and the last day as in 2027-01-31")
	}
	return w, nil
}

// Sign adds a signature.
func (w *Waiver) Sign(by *bundle.Signer) error {
	signature, err := by.SignStatement(kind, w.text())
	if err == nil {
		w.Signatures[by.KeyID()] = signature
	}
	return err
}

// Place is where the waiver of an invariant stands in an overlay.
func Place(invariant string) string { return (&Waiver{Invariant: invariant}).Place() }

// Place is the waiver's file in an overlay.
func (w *Waiver) Place() string { return prove.Waivers + w.name() + ".rego" }

// Current returns an error when the invariant is another now than the one that the
// waiver is of.
func (w *Waiver) Current(base rulebook.Files) error {
	if content, known := base[w.file()]; !known || w.Of != digestOf(content) {
		return fmt.Errorf("the invariant %s changed since this was signed: waive it anew, with --reason and --until", w.Invariant)
	}
	return nil
}

func (w *Waiver) name() string { return strings.ReplaceAll(w.Invariant, "/", "_") }

func (w *Waiver) file() string { return rulebook.Invariants + "/" + w.Invariant + ".rego" }

// text is what is signed: no two waivers have one.
func (w *Waiver) text() []byte {
	return fmt.Appendf(nil, "%q\n%q\n%q\n%q\n", w.Invariant, w.Of, w.Reason, w.Until)
}

// Bytes is the waiver as a file of the overlay.
func (w *Waiver) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Two people answer for this. A changed word voids both signatures.\npackage invariants.waivers.%s\n\n", w.name())
	for _, line := range []struct{ name, text string }{{"invariant", w.Invariant}, {"of", w.Of}, {"reason", w.Reason}, {"until", w.Until}} {
		fmt.Fprintf(&b, "%s := %s\n\n", line.name, ast.String(line.text))
	}
	b.WriteString("signatures := {")
	for _, id := range slices.Sorted(maps.Keys(w.Signatures)) {
		fmt.Fprintf(&b, "\n\t%s: %s,", ast.String(id), ast.String(w.Signatures[id]))
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

// Parse reads a waiver, which is five texts and nothing else.
func Parse(name string, content []byte) (*Waiver, error) {
	modules, err := rulebook.Parse(map[string][]byte{name: content})
	if err != nil {
		return nil, err
	}
	m := modules[name]
	w := &Waiver{Signatures: map[string]string{}}
	texts := map[string]*string{"invariant": &w.Invariant, "of": &w.Of, "reason": &w.Reason, "until": &w.Until}
	for _, r := range m.Rules {
		word := r.Head.Ref().String()
		if !r.Body.Equal(ast.NewBody(ast.NewExpr(ast.BooleanTerm(true)))) || r.Head.Value == nil || r.Default || r.Else != nil {
			return nil, fmt.Errorf("%s depends on something: a waiver is texts alone", word)
		}
		into, known := texts[word]
		switch v := r.Head.Value.Value.(type) {
		case ast.String:
			if !known || *into != "" {
				return nil, fmt.Errorf("%s is no word of a waiver, or stands there twice", word)
			}
			*into = string(v)
		case ast.Object:
			if word != "signatures" || len(w.Signatures) > 0 {
				return nil, fmt.Errorf("%s is no word of a waiver, or stands there twice", word)
			}
			v.Foreach(func(k, s *ast.Term) {
				id, _ := k.Value.(ast.String)
				text, _ := s.Value.(ast.String)
				w.Signatures[string(id)] = string(text)
			})
		default:
			return nil, fmt.Errorf("%s is no text", word)
		}
	}
	if path.Base(name) != w.name()+".rego" {
		return nil, fmt.Errorf("the waiver of %q stands in another file than %s", w.Invariant, w.Place())
	}
	return w, nil
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

package engine

import (
	"bytes"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/policies"
)

// What is read back is what was written, and nothing else is taken for it.
func TestInputIsReadBack(t *testing.T) {
	rev, err := load(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	r, facts := readsPatient(), ward()
	var back input.Document
	in := worded(t, rev, &r, &facts)
	document := in.AppendJSON(nil)
	f := rev.Form()
	if !f.Read(&back, document) {
		t.Fatalf("not read: %s", document)
	}
	if again := back.AppendJSON(nil); !bytes.Equal(again, document) {
		t.Errorf("got  %s\nwant %s", again, document)
	}
	if got, want := back.Value(), in.Value(); got.Compare(want) != 0 {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for name, other := range map[string][]byte{
		"cut":           document[:len(document)-1],
		"trailing data": append(bytes.Clone(document), ' '),
		"escaped":       bytes.Replace(document, []byte("patient.read"), []byte(`patient\u002eread`), 1),
		"another order": bytes.Replace(document, []byte(`"type":"user","id"`), []byte(`"id":"user","type"`), 1),
		"a number":      bytes.Replace(document, []byte(`"user"`), []byte(`1`), 1),
		"empty":         {},
	} {
		if f.Read(&back, other) {
			t.Errorf("%s: read as if this program had written it", name)
		}
	}
}

// The built-in book is what closures are for; and of an input nobody reads a
// place that cannot change the answer.
func TestBuiltinBookIsCompiled(t *testing.T) {
	rev, err := load(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	if rev.book.Slow != nil || rev.book.Compiled == nil || rev.scope.Whole {
		t.Fatalf("the built-in rule book is not compiled: %v", rev.book.Slow)
	}
	r, facts := readsPatient(), ward()
	one := worded(t, rev, &r, &facts)
	r.Resource.ID = "p-other"
	two := worded(t, rev, &r, &facts)
	a, b := rev.AppendKey(nil, one), rev.AppendKey(nil, two)
	if !bytes.Equal(a, b) {
		t.Error("which patient is read makes two keys, although only care matters")
	}
	r.Resource.ID = ""
	two = worded(t, rev, &r, &facts)
	if bytes.Equal(a, rev.AppendKey(nil, two)) {
		t.Error("a patient and no patient have one key")
	}
}

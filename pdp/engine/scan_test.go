package engine

import (
	"bytes"
	"testing"

	"github.com/wardgate/wardgate/policies"
)

// What is read back is what was written, and nothing else is taken for it.
func TestInputIsReadBack(t *testing.T) {
	rev, err := load(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	r, facts := readsPatient(), ward()
	var in, back input
	in.fill(&r, &facts, rev.tables)
	document := in.appendJSON(nil)
	f := newForm(rev.tables)
	if !f.read(&back, document) {
		t.Fatalf("not read: %s", document)
	}
	if again := back.appendJSON(nil); !bytes.Equal(again, document) {
		t.Errorf("got  %s\nwant %s", again, document)
	}
	if got, want := back.value(), in.value(); got.Compare(want) != 0 {
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
		if f.read(&back, other) {
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
	if rev.slow != nil || rev.compiled == nil || rev.compiled.scope.whole {
		t.Fatalf("the built-in rule book is not compiled: %v", rev.slow)
	}
	r, facts := readsPatient(), ward()
	var one, two input
	one.fill(&r, &facts, rev.tables)
	r.Resource.ID = "p-other"
	two.fill(&r, &facts, rev.tables)
	a, b := rev.compiled.scope.appendKey(nil, &one), rev.compiled.scope.appendKey(nil, &two)
	if !bytes.Equal(a, b) {
		t.Error("which patient is read makes two keys, although only care matters")
	}
	r.Resource.ID = ""
	two.fill(&r, &facts, rev.tables)
	if bytes.Equal(a, rev.compiled.scope.appendKey(nil, &two)) {
		t.Error("a patient and no patient have one key")
	}
}

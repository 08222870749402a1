package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func parsed(t *testing.T, text string) any {
	t.Helper()
	v, ok := readJSON([]byte(text))
	if !ok {
		t.Fatalf("not JSON: %s", text)
	}
	return v
}

func TestEachMemberThatDiffersIsFound(t *testing.T) {
	for name, tt := range map[string]struct {
		old, new string
		want     []string
	}{
		"nothing":               {`{"a":[1,{"b":2}],"c":"x"}`, `{"c":"x","a":[1,{"b":2}]}`, nil},
		"a value":               {`{"status":200}`, `{"status":204}`, []string{`/status: 200 -> 204`}},
		"a big number":          {`{"a":9007199254740993}`, `{"a":9007199254740992}`, []string{`/a: 9007199254740993 -> 9007199254740992`}},
		"another kind":          {`{"a":"1"}`, `{"a":1}`, []string{`/a: "1" -> 1`}},
		"one that went":         {`{"a":null}`, `{}`, []string{`/a: null -> absent`}},
		"one that came":         {`{}`, `{"a":{"b":1}}`, []string{`/a: absent -> {"b":1}`}},
		"a member of a list":    {`{"l":[{"a":1},{"a":2}]}`, `{"l":[{"a":1},{"a":3}]}`, []string{`/l/*/a: 2 -> 3`}},
		"a longer list":         {`{"l":[{"a":1}]}`, `{"l":[{"a":1},{"a":2}]}`, []string{`/l/*: absent -> {"a":2}`}},
		"a list of texts":       {`{"r":["a","b"]}`, `{"r":["b"]}`, []string{`/r: ["a","b"] -> ["b"]`}},
		"seconds counted down":  {`{"expires_in":300}`, `{"expires_in":299}`, nil},
		"seconds far apart":     {`{"expires_in":300}`, `{"expires_in":290}`, []string{`/expires_in: 300 -> 290`}},
		"a number close by":     {`{"count":300}`, `{"count":299}`, []string{`/count: 300 -> 299`}},
		"nothing and something": {`null`, `{"a":1}`, []string{`: null -> {"a":1}`}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range diff(parsed(t, tt.old), parsed(t, tt.new)) {
				got = append(got, d.member+": "+d.old+" -> "+d.new)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// What is random is the same when it was first seen at the same place, and in
// no other case.
func TestRandomIDsAreNamedByWhereTheyWereSeen(t *testing.T) {
	const one, two = "01a22346-1acf-73d6-b5ed-d6e46f467134", "01a22346-1acf-7e9f-955e-62b1b435e0f8"
	old, new := newNames(), newNames()
	see := func(n *names, at, text string) any { return n.value(at, "", parsed(t, text)) }
	first := diff(see(old, "#1", `{"id":"`+one+`","at":"2026-01-02T03:04:05Z"}`), see(new, "#1", `{"id":"`+two+`","at":"2026-01-02T03:04:06.5Z"}`))
	again := diff(see(old, "#2", `{"of":"`+one+`"}`), see(new, "#2", `{"of":"`+two+`"}`))
	if len(first)+len(again) > 0 {
		t.Errorf("ids of the same place differ: %v %v", first, again)
	}
	if swapped := diff(see(old, "#3", `{"of":"`+one+`"}`), see(new, "#3", `{"of":"`+one+`"}`)); len(swapped) != 1 {
		t.Errorf("an id that the other side never saw: got %v, want one difference", swapped)
	}
}

func TestWhatATokenStatesIsCompared(t *testing.T) {
	// {"alg":"ES256"}, {"role":"doctor","iat":1} and {"role":"nurse","iat":2}
	doctor := `{"t":"eyJhbGciOiJFUzI1NiJ9.eyJyb2xlIjoiZG9jdG9yIiwiaWF0IjoxfQ.c2lnbmF0dXJl"}`
	nurse := `{"t":"eyJhbGciOiJFUzI1NiJ9.eyJyb2xlIjoibnVyc2UiLCJpYXQiOjJ9.c2lnbmF0dXJl"}`
	got := diff(newNames().value("", "", parsed(t, doctor)), newNames().value("", "", parsed(t, nurse)))
	if len(got) != 1 || got[0].member != "/t/claims/role" {
		t.Errorf("got %v, want the claim role alone", got)
	}
}

func TestOnlyWhatIsListedMayDiffer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "listed")
	listed := "# a word was renamed\n/journal/*/input/context/credential/state: \"vouched\" -> \"delegated\"\n\n/header/*\n"
	if err := os.WriteFile(file, []byte(listed), 0o600); err != nil {
		t.Fatal(err)
	}
	const state = "/journal/*/input/context/credential/state"
	for name, tt := range map[string]struct {
		difference
		unlisted bool
	}{
		"the word":           {difference{state, `"vouched"`, `"delegated"`}, false},
		"another word":       {difference{state, `"valid"`, `"delegated"`}, true},
		"any header":         {difference{"/header/Etag", absent, `"x"`}, false},
		"a member of one":    {difference{"/header/Etag/x", absent, `"x"`}, true},
		"what is not listed": {difference{"/status", "200", "403"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := newReport(file)
			if err != nil {
				t.Fatal(err)
			}
			r.add("#1", []difference{tt.difference})
			if got := r.print(io.Discard); got != tt.unlisted {
				t.Errorf("got %t, want %t", got, tt.unlisted)
			}
		})
	}
}

func TestListsThatCannotBeReadAreRefused(t *testing.T) {
	for name, text := range map[string]string{"no arrow": "/a: 1", "a broken pattern": "/a[: 1 -> 2"} {
		file := filepath.Join(t.TempDir(), "listed")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := newReport(file); err == nil {
			t.Errorf("%s: %q was taken", name, text)
		}
	}
}

// Every edit must fit the rule book as it stands here: the harness refuses one
// that it cannot edit.
func TestTheRuleBookCanBeEdited(t *testing.T) {
	book := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(book, os.DirFS("../../policies")); err != nil {
		t.Fatal(err)
	}
	if err := apply(edits, book); err != nil {
		t.Fatal(err)
	}
	err := apply(edits, book)
	if err == nil || !strings.Contains(err.Error(), "expected one") {
		t.Errorf("a book that was edited before: got %v", err)
	}
}

func TestTheJournalIsReadWhileItIsWritten(t *testing.T) {
	folder := t.TempDir()
	segment, err := os.Create(filepath.Join(folder, "journal-00000001.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer segment.Close()
	hash := strings.Repeat("0", hashDigits) + " "
	reader := newTail(folder)
	for _, step := range []struct{ written, want string }{
		{hash + `{"format":1}` + "\n" + hash + `{"seq":1}` + "\n" + hash + `{"se`, `{"seq":1}`},
		{`q":2}`, ``},
		{"\n" + hash + `{"seq":3}` + "\n", `{"seq":2}{"seq":3}`},
	} {
		if _, err := segment.WriteString(step.written); err != nil {
			t.Fatal(err)
		}
		records, err := reader.read()
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, r := range records {
			got.Write(r)
		}
		if got.String() != step.want {
			t.Errorf("got %s, want %s", got.String(), step.want)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "journal-00000002.log"), []byte(hash+`{"seq":4}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if records, err := reader.read(); err != nil || len(records) != 1 || string(records[0]) != `{"seq":4}` {
		t.Errorf("the next segment: got %s, %v", records, err)
	}
}

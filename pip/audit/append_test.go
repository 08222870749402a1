package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// everyField fills each field of an event, so that a field that the encoder
// does not know of cannot be lost unnoticed.
func everyField(t *testing.T) pip.Event {
	t.Helper()
	var e pip.Event
	v := reflect.ValueOf(&e).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		name := v.Type().Field(i).Name
		if v.Type().Field(i).Tag.Get("json") == "-" {
			continue // it is not recorded
		}
		switch x := f.Addr().Interface().(type) {
		case *time.Time:
			*x = time.Date(2026, 2, 3, 4, 5, 6, 789123456, time.UTC)
		case *json.RawMessage:
			*x = json.RawMessage(`{"a":[1,2.50,"\u00e9"],"b":null}`)
		case *[]json.RawMessage:
			*x = []json.RawMessage{[]byte(`{"a":[1,2.50,"\u00e9"]}`), []byte("null")}
		case *[]string:
			*x = []string{name + "\n1", name + `"2"`}
		case *map[string]int64:
			*x = map[string]int64{"device": -1, "account\x00": 1 << 60}
		case *map[string]int:
			*x = map[string]int{"role": 3, "off\nhours": 1}
		case **pip.Change:
			*x = &pip.Change{What: pip.ChangeBan, Of: "a\n1", By: "b", Why: `"c"`, Until: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Set: map[string]string{"standing": "disabled"}}
		case *map[string]pip.Mark:
			*x = map[string]pip.Mark{"identity": {Epoch: "e", Sequence: 7}}
		case *bool:
			*x = true
		case *int:
			*x = 503
		case *int64:
			*x = 1 << 40
		default:
			if f.Kind() != reflect.String {
				t.Fatalf("field %s has a type that this test does not know", name)
			}
			f.SetString("ward \\ \"" + name + "\"\r\n\t\x1b[31m\u2028\u202e\U000e0001 é 患者 \U0001fa7a")
		}
	}
	return e
}

func TestEveryFieldSurvives(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir})
	want := everyField(t)
	if err := j.Append(context.Background(), want); err != nil {
		t.Fatal(err)
	}
	closeJournal(t, j)
	wantIntact(t, dir)
	var got []reader.Record
	for r, err := range reader.Read(context.Background(), dir, 2) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if len(got) != 2 || got[0].Seq != 2 || !reflect.DeepEqual(got[0].Event, want) {
		t.Fatalf("got %+v, want %+v", got[0].Event, want)
	}
	for _, c := range read(t, segmentPath(dir, 1)) {
		if c < ' ' && c != '\n' {
			t.Fatalf("the segment holds the control character %#x", c)
		}
	}
	if lines := strings.Count(string(read(t, segmentPath(dir, 1))), "\n"); lines != 4 {
		t.Errorf("got %d lines, want a header, an opening, one event and a closing", lines)
	}
}

func TestSparseEvent(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir})
	before := time.Now()
	if err := j.Append(context.Background(), pip.Event{Kind: pip.KindOutcome, Input: json.RawMessage("{\n\t\"a\": \r\n1}")}); err != nil {
		t.Fatal(err)
	}
	closeJournal(t, j)
	for r, err := range reader.Query(context.Background(), dir, reader.Filter{Kind: pip.KindOutcome}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Event.Time.Before(before) || string(r.Event.Input) != `{"a":1}` || r.Event.Allow {
			t.Errorf("got %+v, want the present time, the same input and no allow", r.Event)
		}
	}
}

func TestInvalidEvents(t *testing.T) {
	j := open(t, audit.Config{Dir: t.TempDir()})
	tests := []struct {
		name  string
		event pip.Event
	}{
		{"no kind", pip.Event{}},
		{"input that is not JSON", pip.Event{Kind: pip.KindDecision, Input: json.RawMessage(`{`)}},
		{"input that pretends to be members", pip.Event{Kind: pip.KindDecision, Input: json.RawMessage(`{},"allow":true`)}},
		{"year without RFC 3339 form", pip.Event{Kind: pip.KindDecision, Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{"larger than a record", pip.Event{Kind: pip.KindDecision, Detail: strings.Repeat("x", 1<<20)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := j.Append(context.Background(), tt.event); !errors.Is(err, chain.ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
		})
	}
	put(t, j, "d-1")
}

func TestParallelAppends(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir, SegmentBytes: 64 << 10})
	var want []string
	var wg sync.WaitGroup
	for i := range 1000 {
		id := fmt.Sprintf("d-%d", i)
		want = append(want, id)
		wg.Go(func() {
			if err := j.Append(context.Background(), event(id)); err != nil {
				t.Errorf("append: %v", err)
			}
		})
	}
	wg.Wait()
	got := decisions(t, dir) // beside the writer
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("got %d decisions, want %d", len(got), len(want))
	}
	closeJournal(t, j)
	report := wantIntact(t, dir)
	if report.Records != 1002 || report.Segments < 3 || !report.Head.Closed {
		t.Errorf("got %d records in %d segments, closed %v", report.Records, report.Segments, report.Head.Closed)
	}
}

func TestAppendsShareSyncs(t *testing.T) {
	disk := newFaultyDisk()
	j := open(t, audit.Config{Dir: t.TempDir(), Disk: disk})
	before := disk.syncs.Load()
	disk.slow.Store(int64(2 * time.Millisecond))
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() { put(t, j, fmt.Sprintf("d-%d", i)) })
	}
	wg.Wait()
	if n := disk.syncs.Load() - before; n > 200 {
		t.Errorf("1000 parallel appends took %d syncs", n)
	}
}

func TestClosed(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir})
	put(t, j, "d-1")
	closeJournal(t, j)
	if err := j.Append(context.Background(), event("d-2")); !errors.Is(err, audit.ErrClosed) {
		t.Errorf("append: got %v, want ErrClosed", err)
	}
	closeJournal(t, j)
	j = open(t, audit.Config{Dir: dir})
	put(t, j, "d-2")
	closeJournal(t, j)
	if got := decisions(t, dir); !slices.Equal(got, []string{"d-1", "d-2"}) {
		t.Errorf("got %v", got)
	}
	want := []string{"journal.open", "journal.close", "journal.open", "journal.close"}
	if got := actions(t, dir); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Close flushes what callers already wait for, and each of them learns of its fate.
func TestCloseUnderLoad(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir})
	var mu sync.Mutex
	var acknowledged []string
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("g%d-%d", g, i)
				err := j.Append(context.Background(), event(id))
				if errors.Is(err, audit.ErrClosed) {
					return
				}
				if err != nil {
					t.Errorf("append: %v", err)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, id)
				mu.Unlock()
			}
		})
	}
	for enough := false; !enough && !t.Failed(); time.Sleep(time.Millisecond) {
		mu.Lock()
		enough = len(acknowledged) > 100
		mu.Unlock()
	}
	closeJournal(t, j)
	wg.Wait()
	got := decisions(t, dir)
	slices.Sort(got)
	slices.Sort(acknowledged)
	if !slices.Equal(got, acknowledged) {
		t.Errorf("got %d records, want the %d acknowledged ones", len(got), len(acknowledged))
	}
}

func TestContext(t *testing.T) {
	dir, disk := t.TempDir(), newFaultyDisk()
	j := open(t, audit.Config{Dir: dir, Disk: disk})
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := j.Append(ended, event("d-1")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	release, before := disk.stall(), disk.syncs.Load()
	var wg sync.WaitGroup
	wg.Go(func() { put(t, j, "d-1") })
	for disk.syncs.Load() == before {
		time.Sleep(time.Millisecond)
	}
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	var given sync.WaitGroup
	for range 5000 { // more than the queue holds
		given.Go(func() {
			if err := j.Append(short, event("x")); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want context.DeadlineExceeded", err)
			}
		})
	}
	given.Wait()
	release()
	wg.Wait()
	put(t, j, "d-2")
	if got := decisions(t, dir); !slices.Equal(got, []string{"d-1", "d-2"}) {
		t.Errorf("got %d records, want none that nobody waited for any more", len(got))
	}
}

func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir})
	if _, err := audit.Open(audit.Config{Dir: dir}); !errors.Is(err, audit.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	closeJournal(t, j)
	closeJournal(t, open(t, audit.Config{Dir: dir}))
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	closeJournal(t, open(t, audit.Config{Dir: dir}))
	want := map[string]os.FileMode{".": 0o700, "journal-00000001.log": 0o600, "audit.key": 0o600, "head": 0o600}
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != mode {
			t.Errorf("%s: got mode %o, want %o", name, got, mode)
		}
	}
}

func TestRefusedConfigs(t *testing.T) {
	for name, cfg := range map[string]audit.Config{
		"no folder":        {},
		"chain with blank": {Dir: t.TempDir(), Chain: "pep 1"},
		"negative segment": {Dir: t.TempDir(), SegmentBytes: -1},
	} {
		if _, err := audit.Open(cfg); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

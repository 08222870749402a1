package audit_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// killedAt returns the files of a journal whose process vanished after three
// decisions: in the last segment nothing is closed.
func killedAt(t *testing.T) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir})
	put(t, j, "d-1", "d-2", "d-3")
	killed := files(t, dir)
	closeJournal(t, j)
	return killed
}

type repair struct {
	File   string
	Bytes  int
	SHA256 string
}

func repairs(t *testing.T, dir string) []repair {
	t.Helper()
	var out []repair
	for r, err := range reader.Query(context.Background(), dir, reader.Filter{Kind: pip.KindSystem}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Event.Action != "journal.repair" {
			continue
		}
		var one repair
		if err := json.Unmarshal(r.Event.Input, &one); err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	return out
}

// whole is a complete record that continues the killed journal, never
// acknowledged.
func wholeRecord(t *testing.T, killed map[string][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "segment")
	write(t, path, killed["journal-00000001.log"])
	before := len(read(t, path))
	forge(t, path, `{"seq":5,"written":1,"kind":"decision","time":"2026-03-01T10:00:00Z","decision":"d-4","allow":true}`)
	return string(read(t, path)[before:])
}

func TestTornTails(t *testing.T) {
	killed := killedAt(t)
	record := wholeRecord(t, killed)
	tests := []struct {
		name    string
		tail    string
		adopted int
		torn    int
		unclear bool // no killed process of ours leaves it
	}{
		{"nothing", "", 0, 0, false},
		{"one byte", "a", 0, 1, false},
		{"newline", "\n", 0, 1, true},
		{"zeros of a file system that lost a page", strings.Repeat("\x00", 4096), 0, 4096, true},
		{"half a record", record[:len(record)/2], 0, len(record) / 2, false},
		{"record without its newline", record[:len(record)-1], 0, len(record) - 1, false},
		{"whole record", record, 1, 0, false},
		{"whole record and half of one", record + record[:40], 1, 40, false},
		{"record of another place", strings.Replace(record, `"seq":5`, `"seq":6`, 1), 0, len(record), true},
		{"beginning of a record of another place", strings.Replace(record, `"seq":5`, `"seq":6`, 1)[:90], 0, 90, true},
		{"junk behind half a record", record[:90] + "\x00\x00", 0, 92, true},
		{"a stranger's text", "so long", 0, 7, true},
		{"as long as a batch", strings.Repeat("x", 4<<20), 0, 4 << 20, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			restore(t, dir, killed)
			write(t, segmentPath(dir, 1), append(slices.Clone(killed["journal-00000001.log"]), tt.tail...))
			r := verified(t, dir)
			if int(r.Beyond) != tt.adopted || int(r.Tail) != tt.torn {
				t.Errorf("before: got %d records and %d bytes beyond the head", r.Beyond, r.Tail)
			}
			if unclear := len(r.Findings) == 1 && r.Findings[0].Code == chain.TailUnclear; unclear != tt.unclear || r.OK() == tt.unclear {
				t.Errorf("before: got findings %v, want an unclear tail: %t", r.Findings, tt.unclear)
			}
			j := open(t, audit.Config{Dir: dir})
			put(t, j, "d-9")
			closeJournal(t, j)
			wantIntact(t, dir)
			if got := len(decisions(t, dir)); got != 4+tt.adopted {
				t.Errorf("got %d decisions, want %d", got, 4+tt.adopted)
			}
			wantRepair(t, dir, tt.tail[len(tt.tail)-tt.torn:])
		})
	}
}

// wantRepair checks that the torn bytes are kept in a file of their own, and
// that exactly one record tells of them.
func wantRepair(t *testing.T, dir, torn string) {
	t.Helper()
	got := repairs(t, dir)
	names, err := filepath.Glob(filepath.Join(dir, "torn-*"))
	if err != nil {
		t.Fatal(err)
	}
	if torn == "" {
		if len(got) != 0 || len(names) != 0 {
			t.Errorf("got repairs %v, files %v, want none", got, names)
		}
		return
	}
	if len(got) != 1 || len(names) != 1 {
		t.Fatalf("got repairs %v, files %v, want one", got, names)
	}
	want := repair{filepath.Base(names[0]), len(torn), fmt.Sprintf("%x", sha256.Sum256([]byte(torn)))}
	if got[0] != want || !strings.HasSuffix(want.File, ".bin") {
		t.Errorf("got %+v, want %+v", got[0], want)
	}
	if string(read(t, names[0])) != torn {
		t.Errorf("the bytes set aside are not those that were cut off")
	}
}

func TestTornNewSegment(t *testing.T) {
	donor := filled(t, 20, 1500)
	second := string(read(t, segmentPath(donor, 2)))
	header := strings.SplitAfter(second, "\n")[0]
	for name, content := range map[string]string{
		"empty": "", "half a header": header[:100], "header of another chain": header, "garbage": "garbage\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			restore(t, dir, killedAt(t))
			write(t, segmentPath(dir, 2), []byte(content))
			j := open(t, audit.Config{Dir: dir, SegmentBytes: 1})
			put(t, j, "d-4")
			closeJournal(t, j)
			wantIntact(t, dir)
			wantRepair(t, dir, content)
		})
	}
}

// A crash while a crash is being repaired loses neither bytes nor record.
func TestInterruptedRepairs(t *testing.T) {
	killed := killedAt(t)
	tail := wholeRecord(t, killed)[:60]
	segment := killed["journal-00000001.log"]
	tests := []struct {
		name    string
		segment []byte
		pending string
	}{
		{"copy incomplete", append(slices.Clone(segment), tail...), tail[:20]},
		{"copy complete, tail not cut", append(slices.Clone(segment), tail...), tail},
		{"tail cut, no record yet", segment, tail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			restore(t, dir, killed)
			write(t, segmentPath(dir, 1), tt.segment)
			write(t, filepath.Join(dir, "torn-20260101T000000.000000000Z.pending"), []byte(tt.pending))
			closeJournal(t, open(t, audit.Config{Dir: dir}))
			wantIntact(t, dir)
			wantRepair(t, dir, tail)
		})
	}
}

// Bytes that an earlier crash left pending are not mistaken for a copy of
// those that the latest one tore.
func TestTwoRepairs(t *testing.T) {
	killed := killedAt(t)
	dir := t.TempDir()
	restore(t, dir, killed)
	write(t, segmentPath(dir, 1), append(slices.Clone(killed["journal-00000001.log"]), "second"...))
	write(t, filepath.Join(dir, "torn-20260101T000000.000000000Z.pending"), []byte("first"))
	closeJournal(t, open(t, audit.Config{Dir: dir}))
	wantIntact(t, dir)
	got := repairs(t, dir)
	if len(got) != 2 || got[0].Bytes != len("first") || got[1].Bytes != len("second") {
		t.Errorf("got %+v, want both", got)
	}
}

func TestInterruptedBeginnings(t *testing.T) {
	base := files(t, filled(t, 0, 0))
	key, pub := base["audit.key"], base["audit.pub"]
	for name, content := range map[string]map[string][]byte{
		"only a lock":          {"lock": nil},
		"key half written":     {"audit.key.tmp": key[:20]},
		"key without public":   {"audit.key": key},
		"head half written":    {"audit.key": key, "audit.pub": pub, "head.tmp": []byte("{")},
		"keys but no head yet": {"audit.key": key, "audit.pub": pub},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			restore(t, dir, content)
			j := open(t, audit.Config{Dir: dir})
			put(t, j, "d-1")
			closeJournal(t, j)
			wantIntact(t, dir)
		})
	}
}

// What may have been acknowledged is never repaired.
func TestRefusals(t *testing.T) {
	killed := killedAt(t)
	segment := killed["journal-00000001.log"]
	closed := files(t, filled(t, 3, 0))
	set := func(name string, b []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) { write(t, filepath.Join(dir, name), b) }
	}
	gone := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { remove(t, filepath.Join(dir, name)) }
	}
	changed := slices.Clone(segment)
	changed[len(changed)-20] ^= 1
	tests := []struct {
		name   string
		files  map[string][]byte
		damage func(t *testing.T, dir string)
		want   error
	}{
		{"one byte short", killed, set("journal-00000001.log", segment[:len(segment)-1]), chain.ErrShort},
		{"segment gone", killed, gone("journal-00000001.log"), chain.ErrShort},
		{"last record changed", killed, set("journal-00000001.log", changed), chain.ErrBroken},
		{"last records changed and every hash made to fit", killed, rewrite, chain.ErrBroken},
		{"tail longer than a batch", killed, set("journal-00000001.log", append(slices.Clone(segment), make([]byte, 7<<20)...)), chain.ErrBroken},
		{"later segment without the next", killed, set("journal-00000003.log", segment), chain.ErrBroken},
		{"segment that is a folder", killed, func(t *testing.T, dir string) {
			if err := os.Mkdir(segmentPath(dir, 2), 0o700); err != nil {
				t.Fatal(err)
			}
		}, chain.ErrBroken},
		{"head gone", killed, gone("head"), chain.ErrHead},
		{"key gone", killed, gone("audit.key"), chain.ErrKey},
		{"key garbled", killed, set("audit.key", []byte("x")), chain.ErrKey},
		{"key of another journal", killed, set("audit.key", closed["audit.key"]), chain.ErrKey},
		{"key readable by others", killed, func(t *testing.T, dir string) {
			if err := os.Chmod(filepath.Join(dir, "audit.key"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, chain.ErrKey},
		{"record after closing", closed, func(t *testing.T, dir string) {
			forge(t, segmentPath(dir, 1), `{"seq":6,"written":1,"kind":"decision","allow":true}`)
		}, chain.ErrBroken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			restore(t, dir, tt.files)
			tt.damage(t, dir)
			_, err := audit.Open(audit.Config{Dir: dir})
			if !errors.Is(err, tt.want) || !strings.Contains(fmt.Sprint(err), "wardgate audit verify") && tt.name != "segment that is a folder" {
				t.Errorf("got %v, want %v and what to do", err, tt.want)
			}
			if names, _ := filepath.Glob(filepath.Join(dir, "torn-*")); len(names) > 0 {
				t.Errorf("a refused Open left %v", names)
			}
		})
	}
	dir := t.TempDir()
	restore(t, dir, killed)
	if _, err := audit.Open(audit.Config{Dir: dir, Chain: "other"}); !errors.Is(err, chain.ErrHead) {
		t.Errorf("another chain's name: got %v, want ErrHead", err)
	}
}

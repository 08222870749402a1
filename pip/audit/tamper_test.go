package audit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/verify"
)

// Every byte of every segment counts: in JSON, hash, blank and newline.
func TestEveryFlippedByteIsFound(t *testing.T) {
	dir := filled(t, 4, 900)
	segments := wantIntact(t, dir).Segments
	if segments < 3 {
		t.Fatalf("got %d segments, want several", segments)
	}
	for n := 1; n <= segments; n++ {
		path := segmentPath(dir, n)
		original := read(t, path)
		for i, b := range original {
			for _, mask := range []byte{0x01, 0x20} {
				overwrite(t, path, i, b^mask)
				report := verified(t, dir)
				if report.OK() {
					t.Fatalf("segment %d byte %d (%q) changed by %#x: nothing found", n, i, b, mask)
				}
				if name := filepath.Base(path); report.Findings[0].Segment != name {
					t.Fatalf("segment %d byte %d: found in %q", n, i, report.Findings[0].Segment)
				}
			}
			overwrite(t, path, i, b)
		}
	}
	wantIntact(t, dir)
}

func overwrite(t *testing.T, path string, offset int, b byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{b}, int64(offset)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEveryCutIsFound(t *testing.T) {
	dir := filled(t, 4, 900)
	last := wantIntact(t, dir).Segments
	for n := 1; n <= last; n++ {
		path := segmentPath(dir, n)
		original := read(t, path)
		for size := len(original) - 1; size >= 0; size-- {
			if err := os.Truncate(path, int64(size)); err != nil {
				t.Fatal(err)
			}
			if verified(t, dir).OK() {
				t.Fatalf("segment %d cut to %d of %d bytes: nothing found", n, size, len(original))
			}
			if n < last {
				continue
			}
			if _, err := audit.Open(audit.Config{Dir: dir}); err == nil {
				t.Fatalf("segment %d cut to %d bytes: opened", n, size)
			}
			if got := read(t, path); len(got) != size {
				t.Fatalf("a refused Open changed the segment")
			}
		}
		write(t, path, original)
	}
	wantIntact(t, dir)
}

// lines returns a segment's lines, with their newlines.
func lines(t *testing.T, path string) []string {
	t.Helper()
	return strings.SplitAfter(strings.TrimSuffix(string(read(t, path)), "\n"), "\n")
}

func TestTampering(t *testing.T) {
	base := filled(t, 20, 1500)
	last := wantIntact(t, base).Segments
	intact := files(t, base)
	edit := func(change func(l []string) []string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := segmentPath(dir, 2)
			l := change(lines(t, path))
			text := strings.Join(l, "")
			if !strings.HasSuffix(text, "\n") {
				text += "\n"
			}
			write(t, path, []byte(text))
		}
	}
	tests := []struct {
		name   string
		tamper func(t *testing.T, dir string)
		want   chain.Code
	}{
		{"record removed", edit(func(l []string) []string { return slices.Delete(l, 2, 3) }), chain.RecordOrder},
		{"record repeated", edit(func(l []string) []string { return slices.Insert(l, 2, l[2]) }), chain.RecordOrder},
		{"records exchanged", edit(func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }), chain.RecordOrder},
		{"record inserted", edit(func(l []string) []string {
			return slices.Insert(l, 2, strings.Repeat("0", 64)+` {"seq":9,"written":1,"kind":"x"}`+"\n")
		}), chain.RecordOrder},
		{"blank line inserted", edit(func(l []string) []string { return slices.Insert(l, 1, "\n") }), chain.LineMalformed},
		{"header removed", edit(func(l []string) []string { return l[1:] }), chain.HeaderMalformed},
		{"header repeated", edit(func(l []string) []string { return slices.Insert(l, 1, l[0]) }), chain.LineMalformed},
		{"last record of a segment removed", edit(func(l []string) []string { return l[:len(l)-1] }), chain.SegmentOrder},
		{"first segment removed", func(t *testing.T, dir string) { remove(t, segmentPath(dir, 1)) }, chain.SegmentMissing},
		{"middle segment removed", func(t *testing.T, dir string) { remove(t, segmentPath(dir, 2)) }, chain.SegmentMissing},
		{"last segment removed", func(t *testing.T, dir string) { remove(t, segmentPath(dir, last)) }, chain.TailMissing},
		{"middle segment emptied", func(t *testing.T, dir string) { write(t, segmentPath(dir, 2), nil) }, chain.HeaderMalformed},
		{"segments exchanged", func(t *testing.T, dir string) {
			a, b := read(t, segmentPath(dir, 2)), read(t, segmentPath(dir, 3))
			write(t, segmentPath(dir, 2), b)
			write(t, segmentPath(dir, 3), a)
		}, chain.SegmentOrder},
		{"middle segment removed, later ones renamed", func(t *testing.T, dir string) {
			for n := 2; n < last; n++ {
				write(t, segmentPath(dir, n), read(t, segmentPath(dir, n+1)))
			}
			remove(t, segmentPath(dir, last))
		}, chain.SegmentOrder},
		{"segment repeated at the end", func(t *testing.T, dir string) {
			write(t, segmentPath(dir, last+1), read(t, segmentPath(dir, last)))
		}, chain.TailForeign},
		{"segment of another chain", func(t *testing.T, dir string) {
			other := filled(t, 20, 1500)
			write(t, segmentPath(dir, 2), read(t, segmentPath(other, 2)))
		}, chain.SegmentOrder},
		{"record changed and every hash made to fit", rewrite, chain.HeadMismatch},
		{"records appended after closing", func(t *testing.T, dir string) {
			forge(t, segmentPath(dir, last), `{"seq":23,"written":1,"kind":"decision","allow":true}`)
		}, chain.TailForeign},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			restore(t, dir, intact)
			tt.tamper(t, dir)
			wantFinding(t, verified(t, dir), tt.want)
		})
	}
}

func wantFinding(t *testing.T, report verify.Report, want chain.Code) {
	t.Helper()
	if !slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Code == want }) {
		t.Errorf("got %v, want a finding %q", report.Findings, want)
	}
	if len(report.Findings) > 6 {
		t.Errorf("got %d findings for one defect: %v", len(report.Findings), report.Findings)
	}
}

func TestHeadTampering(t *testing.T) {
	base := filled(t, 3, 0)
	intact := files(t, base)
	flip := func(offset int) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			b := bytes.Clone(intact["head"])
			b[offset] ^= 1
			write(t, filepath.Join(dir, "head"), b)
		}
	}
	tests := []struct {
		name   string
		tamper func(t *testing.T, dir string)
		want   chain.Code
		opens  bool
	}{
		{"missing", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "head")) }, chain.HeadMissing, false},
		{"empty", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "head"), nil) }, chain.HeadForged, false},
		{"one slot changed", flip(30), chain.HeadDamaged, true},
		{"the other slot changed", flip(4096 + 30), chain.HeadDamaged, true},
		{"both slots changed", func(t *testing.T, dir string) {
			b := bytes.Clone(intact["head"])
			b[30] ^= 1
			b[4096+30] ^= 1
			write(t, filepath.Join(dir, "head"), b)
		}, chain.HeadForged, false},
		{"of another journal", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "head"), files(t, filled(t, 3, 0))["head"])
		}, chain.HeadForged, false},
		{"key of another journal", func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "audit.pub"), files(t, filled(t, 3, 0))["audit.pub"])
		}, chain.HeadForged, false},
		{"public key missing", func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "audit.pub")) }, chain.KeyMissing, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			restore(t, dir, intact)
			tt.tamper(t, dir)
			report := verified(t, dir)
			wantFinding(t, report, tt.want)
			j, err := audit.Open(audit.Config{Dir: dir})
			if (err == nil) != tt.opens {
				t.Fatalf("open: got %v, want success %v", err, tt.opens)
			}
			if err == nil {
				closeJournal(t, j)
				wantIntact(t, dir)
			}
		})
	}
}

// forge appends a record that continues the chain, as anybody can who may
// write to the folder.
func forge(t *testing.T, path, text string) {
	t.Helper()
	l := lines(t, path)
	previous, err := hex.DecodeString(l[len(l)-1][:64])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(append(previous, text...))
	write(t, path, append(read(t, path), fmt.Sprintf("%x %s\n", sum, text)...))
}

// rewrite changes the first decision and makes the whole chain fit again.
func rewrite(t *testing.T, dir string) {
	t.Helper()
	var previous [32]byte
	for n := 1; ; n++ {
		path := segmentPath(dir, n)
		if _, err := os.Stat(path); err != nil {
			return
		}
		var out []byte
		for _, line := range lines(t, path) {
			text := strings.Replace(strings.TrimSuffix(line[65:], "\n"), `"d-1"`, `"d-X"`, 1)
			if i := strings.Index(text, `"previous":"`) + 12; i >= 12 {
				text = text[:i] + hex.EncodeToString(previous[:]) + text[i+64:]
			}
			previous = sha256.Sum256(append(bytes.Clone(previous[:]), text...))
			out = fmt.Appendf(out, "%x %s\n", previous, text)
		}
		write(t, path, out)
	}
}

func TestOlderHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := open(t, audit.Config{Dir: dir})
		put(t, j, "d-1")
		older := read(t, filepath.Join(dir, "head"))
		put(t, j, "d-2")
		time.Sleep(time.Second)
		put(t, j, "d-3")
		young := files(t, dir)
		time.Sleep(time.Minute)
		put(t, j, "d-4")
		old := files(t, dir)
		closeJournal(t, j)

		young["head"], old["head"] = older, older
		restore(t, dir, young)
		if report := wantIntact(t, dir); report.Beyond != 2 {
			t.Errorf("a second older: got %d records beyond the head, want 2", report.Beyond)
		}
		restore(t, dir, old)
		wantFinding(t, verified(t, dir), chain.HeadStale)
		// Nothing is lost by it: the records are whole, and opening signs them.
		closeJournal(t, open(t, audit.Config{Dir: dir}))
		wantIntact(t, dir)
		if got := decisions(t, dir); len(got) != 4 {
			t.Errorf("got %v, want all 4", got)
		}
	})
}

// A damaged slot and a cut tail together look like a torn write of the head,
// but a torn write is always followed by a record that the other slot lacks.
func TestTornHeadCannotHideACutTail(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir})
	put(t, j, "d-1", "d-2")
	killed := files(t, dir)
	closeJournal(t, j)
	for slot := range 2 {
		t.Run(fmt.Sprintf("slot %d", slot), func(t *testing.T) {
			dir := t.TempDir()
			restore(t, dir, killed)
			head := bytes.Clone(killed["head"])
			head[slot*4096+30] ^= 1
			write(t, filepath.Join(dir, "head"), head)
			newest := slot == int(j.Head().Turn-1)%2
			if newest { // the slot of the last record: cut that record too
				l := lines(t, segmentPath(dir, 1))
				write(t, segmentPath(dir, 1), []byte(strings.Join(l[:len(l)-1], "")))
			}
			if _, err := audit.Open(audit.Config{Dir: dir}); err == nil {
				t.Fatal("opened, want a refusal")
			}
		})
	}
}

func TestAnchors(t *testing.T) {
	dir := t.TempDir()
	j := open(t, audit.Config{Dir: dir})
	put(t, j, "d-1")
	early := files(t, dir)
	put(t, j, "d-2")
	anchor, key := j.Head(), j.PublicKey()
	closeJournal(t, j)

	verifyWith := func(dir string, trust verify.Trust) verify.Report {
		report, err := verify.Against(dir, trust)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if r := verifyWith(dir, verify.Trust{Key: key, Anchors: []chain.Head{anchor}}); !r.OK() {
		t.Errorf("intact: got %v", r.Findings)
	}
	rolledBack := t.TempDir()
	restore(t, rolledBack, early)
	if r := verifyWith(rolledBack, verify.Trust{Key: key}); !r.OK() {
		t.Errorf("rolled back, no anchor: got %v, want nothing to be seen", r.Findings)
	}
	wantFinding(t, verifyWith(rolledBack, verify.Trust{Key: key, Anchors: []chain.Head{anchor}}), chain.AnchorMismatch)

	rewritten := filled(t, 5, 0)
	wantFinding(t, verifyWith(rewritten, verify.Trust{Key: key}), chain.KeyChanged)
	forged := anchor
	forged.Seq++
	wantFinding(t, verifyWith(dir, verify.Trust{Anchors: []chain.Head{forged}}), chain.AnchorForged)
}

func TestVerifyNeedsNoPrivateKeyAndWritesNothing(t *testing.T) {
	dir := filled(t, 3, 0)
	remove(t, filepath.Join(dir, "audit.key"))
	remove(t, filepath.Join(dir, "lock"))
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	wantIntact(t, dir)
	if after := files(t, dir); len(after) != len(before) {
		t.Errorf("verifying changed the folder")
	}
}

package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pip/audit"
)

// What somebody does to a running journal's files. A quiet one is noticed at the
// next commit, unless it falls into the moment of one: what is appended or emptied
// then is written over, and what is changed in place is for verify to find.
var alterations = []struct {
	name  string
	alter func(t testing.TB, dir string)
	quiet bool
}{
	{"segment unlinked", func(t testing.TB, dir string) { remove(t, segmentPath(dir, 2)) }, false},
	{"segment renamed", func(t testing.TB, dir string) { rename(t, segmentPath(dir, 2), segmentPath(dir, 2)+".1") }, false},
	{"segment replaced by a copy", func(t testing.TB, dir string) { replace(t, segmentPath(dir, 2)) }, false},
	{"segment replaced by a link to a copy", func(t testing.TB, dir string) {
		rename(t, segmentPath(dir, 2), filepath.Join(dir, "elsewhere"))
		if err := os.Symlink("elsewhere", segmentPath(dir, 2)); err != nil {
			t.Fatal(err)
		}
	}, false},
	{"segment emptied", func(t testing.TB, dir string) { truncate(t, segmentPath(dir, 2), 0) }, false},
	{"segment cut off", func(t testing.TB, dir string) { truncate(t, segmentPath(dir, 2), size(t, segmentPath(dir, 2))-10) }, false},
	{"segment cut off and grown again", func(t testing.TB, dir string) {
		was := size(t, segmentPath(dir, 2))
		truncate(t, segmentPath(dir, 2), was-10)
		truncate(t, segmentPath(dir, 2), was)
	}, false},
	{"segment appended to", func(t testing.TB, dir string) {
		scribble(t, segmentPath(dir, 2), size(t, segmentPath(dir, 2)), "x\n")
	}, true},
	{"segment written to", func(t testing.TB, dir string) {
		scribble(t, segmentPath(dir, 2), 100, "x")
		touch(t, segmentPath(dir, 2)) // whatever the clock of the file system resolves
	}, true},
	{"full segment unlinked", func(t testing.TB, dir string) { remove(t, segmentPath(dir, 1)) }, true},
	{"folder removed", func(t testing.TB, dir string) {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}, false},
	{"folder renamed", func(t testing.TB, dir string) { rename(t, dir, dir+".old") }, false},
	{"folder replaced by a copy", func(t testing.TB, dir string) {
		rename(t, dir, dir+".old")
		if err := os.CopyFS(dir, os.DirFS(dir+".old")); err != nil {
			t.Fatal(err)
		}
	}, false},
	{"head unlinked", func(t testing.TB, dir string) { remove(t, filepath.Join(dir, "head")) }, false},
	{"head replaced by a copy", func(t testing.TB, dir string) { replace(t, filepath.Join(dir, "head")) }, false},
	{"head emptied", func(t testing.TB, dir string) { truncate(t, filepath.Join(dir, "head"), 0) }, true},
	{"key unlinked", func(t testing.TB, dir string) { remove(t, filepath.Join(dir, "audit.key")) }, true},
	{"next segment begun", func(t testing.TB, dir string) { write(t, segmentPath(dir, 3), []byte("x")) }, true},
}

func TestAlteredWhileRunning(t *testing.T) {
	for _, tt := range alterations {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "journal")
			j := written(t, dir)
			tt.alter(t, dir)
			if tt.name == "next segment begun" {
				fill(j) // it is met when the segment is full
			}
			for i := range 60 {
				if err := j.Append(context.Background(), event(fmt.Sprintf("x-%d", i))); !errors.Is(err, audit.ErrAltered) {
					t.Fatalf("append %d: got %v, want ErrAltered", i, err)
				}
			}
			if err := j.Err(); !errors.Is(err, audit.ErrAltered) {
				t.Errorf("the journal says %v, want ErrAltered", err)
			}
			if err := j.Close(); !errors.Is(err, audit.ErrAltered) {
				t.Errorf("close: got %v, want ErrAltered", err)
			}
		})
	}
}

// written is a journal that is open, with a full segment and one that is written.
func written(t testing.TB, dir string) *audit.Journal {
	t.Helper()
	j := open(t, audit.Config{Dir: dir, SegmentBytes: 1500})
	put(t, j, "d-1", "d-2")
	for i := 3; size(t, segmentPath(dir, 1)) > 0; i++ {
		put(t, j, fmt.Sprintf("d-%d", i))
		if _, err := os.Stat(segmentPath(dir, 2)); err == nil {
			return j
		}
	}
	return j
}

// fill appends until the segment is full.
func fill(j *audit.Journal) {
	for range 20 {
		if j.Append(context.Background(), event("filler")) != nil {
			return
		}
	}
}

// What was put back does not help: opening the journal again has to verify it.
func TestAlteredAndPutBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := written(t, dir)
	rename(t, segmentPath(dir, 2), segmentPath(dir, 2)+".1")
	if err := j.Append(context.Background(), event("x")); !errors.Is(err, audit.ErrAltered) {
		t.Fatalf("got %v, want ErrAltered", err)
	}
	rename(t, segmentPath(dir, 2)+".1", segmentPath(dir, 2))
	if err := j.Append(context.Background(), event("x")); !errors.Is(err, audit.ErrAltered) {
		t.Fatalf("after it was put back: got %v, want ErrAltered", err)
	}
	if err := j.Close(); !errors.Is(err, audit.ErrAltered) {
		t.Errorf("close: got %v", err)
	}
	again := open(t, audit.Config{Dir: dir})
	put(t, again, "after")
	closeJournal(t, again)
	wantIntact(t, dir)
	wantInOrder(t, decisions(t, dir), "d-1", "d-2", "after")
}

// Under load, nothing is acknowledged that the folder does not hold.
func TestAlteredUnderLoad(t *testing.T) {
	for _, tt := range alterations {
		if tt.quiet {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "journal")
			j := written(t, dir)
			closeJournal(t, j)
			j = open(t, audit.Config{Dir: dir}) // no further segment begins
			put(t, j, "here")
			var after, begun atomic.Int64
			var altered atomic.Bool
			var all sync.WaitGroup
			for g := range 8 {
				all.Go(func() {
					for i, further := 0, 50; further > 0; i++ { // until long after it was altered
						late := altered.Load()
						err := j.Append(context.Background(), event(fmt.Sprintf("l-%d-%d", g, i)))
						begun.Add(1)
						if late {
							further--
							if err == nil {
								after.Add(1)
							}
						}
					}
				})
			}
			for begun.Load() < 100 {
				time.Sleep(time.Millisecond)
			}
			tt.alter(t, dir)
			altered.Store(true)
			all.Wait()
			if n := after.Load(); n > 0 {
				t.Errorf("%d appends were acknowledged that began after it was altered", n)
			}
			if !errors.Is(j.Err(), audit.ErrAltered) {
				t.Errorf("the journal says %v, want ErrAltered", j.Err())
			}
			_ = j.Close()
		})
	}
}

// Without anything to write it is noticed, too: readiness has to know.
func TestAlteredWhileIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "journal")
		j := written(t, dir)
		time.Sleep(5 * time.Second)
		remove(t, segmentPath(dir, 2))
		time.Sleep(3 * time.Second)
		if err := j.Err(); !errors.Is(err, audit.ErrAltered) {
			t.Errorf("got %v, want ErrAltered", err)
		}
		_ = j.Close()
	})
}

// What changes nothing of the records is no reason to refuse.
func TestTouchedWhileRunning(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := written(t, dir)
	for _, n := range []int{1, 2} {
		touch(t, segmentPath(dir, n))
		if err := os.Link(segmentPath(dir, n), filepath.Join(filepath.Dir(dir), fmt.Sprint("backup-", n))); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "note.txt"), []byte("somebody was here"))
	put(t, j, "after-1", "after-2")
	closeJournal(t, j)
	wantIntact(t, dir)
	wantInOrder(t, decisions(t, dir), "d-1", "d-2", "after-1", "after-2")
}

// A record of a full segment that is changed shows when its file is looked at.
func TestFullSegmentWrittenTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "journal")
		j := written(t, dir)
		text := read(t, segmentPath(dir, 1))
		text[len(text)/2] ^= 1
		write(t, segmentPath(dir, 1), text)
		touch(t, segmentPath(dir, 1))
		time.Sleep(time.Minute)
		if err := j.Append(context.Background(), event("x")); !errors.Is(err, audit.ErrAltered) {
			t.Errorf("got %v, want ErrAltered", err)
		}
		_ = j.Close()
	})
}

// Removing segments whose time is over is no alteration, and removing the base is.
func TestAlteredAfterPruning(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := written(t, dir)
	put(t, j, "d-8", "d-9")
	if n, err := j.Prune(context.Background(), time.Now().Add(time.Hour), j.Head().Seq); err != nil || n == 0 {
		t.Fatalf("pruned %d segments: %v", n, err)
	}
	put(t, j, "d-10")
	remove(t, filepath.Join(dir, "base"))
	if err := j.Append(context.Background(), event("x")); !errors.Is(err, audit.ErrAltered) {
		t.Errorf("without its base: got %v, want ErrAltered", err)
	}
	_ = j.Close()
}

func rename(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func replace(t testing.TB, path string) {
	t.Helper()
	write(t, path+".copy", read(t, path))
	rename(t, path+".copy", path)
}

func truncate(t testing.TB, path string, to int64) {
	t.Helper()
	if err := os.Truncate(path, to); err != nil {
		t.Fatal(err)
	}
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func touch(t testing.TB, path string) {
	t.Helper()
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
}

func scribble(t testing.TB, path string, at int64, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(text), at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

package audit_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/audit"
)

// appendForever is the child that is to be killed: it appends from many
// goroutines and prints each id once Append has acknowledged it.
func appendForever(dir, cycle string) {
	j, err := audit.Open(audit.Config{Dir: dir, SegmentBytes: 96 << 10})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("open")
	for g := range 24 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", cycle, g, i)
				if err := j.Append(context.Background(), event(id)); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Println(id)
			}
		}()
	}
	select {}
}

// However often and whenever the process is killed, what it acknowledged is
// in the journal, and the chain verifies before and after it is reopened.
func killed(t *testing.T, cycles int) {
	t.Helper()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	var acknowledged []string
	beyond := 0
	for cycle := range cycles {
		delay := time.Duration(rng.IntN(60_000)) * time.Microsecond
		acknowledged = append(acknowledged, killOnce(t, dir, cycle, delay)...)
		report := wantIntact(t, dir)
		if report.Head.Closed {
			t.Fatal("a killed journal is marked as closed")
		}
		if report.Beyond > 0 || report.Tail > 0 {
			beyond++
		}
		if cycle%10 == 0 {
			wantAll(t, dir, acknowledged)
		}
	}
	closeJournal(t, open(t, audit.Config{Dir: dir}))
	report := wantIntact(t, dir)
	wantAll(t, dir, acknowledged)
	if len(acknowledged) < cycles {
		t.Errorf("only %d records were acknowledged in %d cycles", len(acknowledged), cycles)
	}
	t.Logf("%d kills, %d acknowledged of %d records in %d segments, %d kills within a commit",
		cycles, len(acknowledged), report.Records, report.Segments, beyond)
}

// killOnce lets a child run for a while and returns the ids that it
// acknowledged before it was killed.
func killOnce(t *testing.T, dir string, cycle int, delay time.Duration) []string {
	t.Helper()
	child := exec.Command(os.Args[0], dir, fmt.Sprint(cycle))
	child.Env = append(os.Environ(), childVariable+"=append")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	if first, err := in.ReadString('\n'); err != nil || first != "open\n" {
		t.Fatalf("cycle %d: child says %q, %v", cycle, first, err)
	}
	kill := time.AfterFunc(delay, func() { _ = child.Process.Kill() })
	defer kill.Stop()
	rest, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	if strings.Contains(string(rest), "error") {
		t.Fatalf("cycle %d: child says %s", cycle, rest)
	}
	text := string(rest)
	return strings.Fields(text[:strings.LastIndexByte(text, '\n')+1])
}

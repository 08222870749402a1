package ship_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/audit/ship"
)

// remote sends to the parent process.
type remote struct{ address string }

func (r remote) Send(ctx context.Context, batch []ship.Document) ([]ship.Refusal, error) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(batch); err != nil {
		return nil, err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, r.address, &body)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, err
	}
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, &ship.StatusError{Status: res.StatusCode}
	}
	return nil, nil
}

// shipForever is the child that is to be killed.
func shipForever(address, journal, state string) {
	s, err := ship.New(ship.Parts{Name: "store", Journal: journal, State: state, Sink: remote{address}, Encode: encode}, fast())
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("begin", s.Position().Seq)
	s.Run(context.Background())
}

const killCycles = 40

// However often and whenever a shipping process is killed, every record is in
// the sink, each once, and no run begins before what the last one had saved.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, filepath.Join(dir, "journal"))
	sink := newStore()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var batch []ship.Document
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable) // cut off by the kill
			return
		}
		if _, err := sink.Send(r.Context(), batch); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	last := 0
	for cycle := range killCycles {
		put(t, j, cycle*40, cycle*40+40)
		began := killOnce(t, dir, server.URL, time.Duration(rand.IntN(40_000))*time.Microsecond)
		if began < last {
			t.Fatalf("cycle %d began at %d, an earlier one at %d", cycle, began, last)
		}
		last = began
	}
	s := newShipper(t, dir, sink, fast())
	run(t, s)
	await(t, "everything is shipped", caughtUp(s))
	sink.wantAll(t, dir)
	t.Logf("%d kills, %d records, %d offered again", killCycles, sink.size(), sink.repeated)
}

func killOnce(t *testing.T, dir, address string, delay time.Duration) (began int) {
	t.Helper()
	child := exec.Command(os.Args[0], filepath.Join(dir, "journal"), filepath.Join(dir, "ship"))
	child.Env = append(os.Environ(), childVariable+"="+address)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscanf(bufio.NewReader(out), "begin %d\n", &began); err != nil {
		t.Fatalf("the child says no place: %v", err)
	}
	time.Sleep(delay) // where it stands when it is killed is left to chance
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	return began
}

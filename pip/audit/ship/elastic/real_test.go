//go:build integration

package elastic_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
)

func encode(chain string, r *reader.Record) (ship.Document, error) {
	body, err := ecs.Document(chain, r)
	return ship.Document{ID: ecs.ID(chain, r), Body: body}, err
}

// ask calls the real server and returns the answer.
func ask(t testing.TB, s *realserver.ElasticsearchServer, method, path, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 299 {
		t.Fatalf("%s %s: %s, %v: %s", method, path, res.Status, err, text)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func count(t testing.TB, s *realserver.ElasticsearchServer, stream string) int {
	t.Helper()
	ask(t, s, http.MethodPost, "/"+stream+"/_refresh", "")
	return int(ask(t, s, http.MethodGet, "/"+stream+"/_count", "")["count"].(float64))
}

// prepare makes the templates, as `wardgate events setup` does, as far as the
// distribution that is fetched for tests has the parts: it has neither
// lifecycle policies, nor constant keywords, nor the page that makes data
// streams, and makes the stream with the first document.
func prepare(t testing.TB, s *realserver.ElasticsearchServer) string {
	t.Helper()
	stream := fmt.Sprintf("logs-wardgate.audit-t%d", time.Now().UnixNano())
	for _, step := range elastic.Steps(elastic.Plan{Stream: stream}) {
		if strings.Contains(step.Path, "_template/") {
			body, err := json.Marshal(step.Body)
			if err != nil {
				t.Fatal(err)
			}
			ask(t, s, http.MethodPut, step.Path, strings.ReplaceAll(string(body), "constant_keyword", "keyword"))
		}
	}
	return stream
}

func newShipper(t testing.TB, dir, address, stream string) *ship.Shipper {
	t.Helper()
	client, err := elastic.Connect(elastic.Server{Addresses: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ship.New(ship.Parts{
		Name: "elasticsearch", Journal: filepath.Join(dir, "journal"), State: filepath.Join(dir, "ship"),
		Sink: elastic.New(client, stream), Encode: encode,
	}, ship.Config{Bound: reader.Bound{Records: 200}, Least: 50 * time.Millisecond, Most: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func run(t testing.TB, s *ship.Shipper) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func await(t testing.TB, what string, s *ship.Shipper, cond func(ship.Status) bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if cond(s.Status()) {
			return
		}
	}
	t.Fatalf("never came to pass: %s; %+v", what, s.Status())
}

func put(t testing.TB, j *audit.Journal, from, to int) {
	t.Helper()
	var group sync.WaitGroup
	lanes := make(chan int)
	for range 8 {
		group.Go(func() {
			for i := range lanes {
				e := pip.Event{
					Kind: pip.KindDecision, Action: "patient.read", Decision: fmt.Sprintf("d-%d", i), Subject: fmt.Sprintf("u-%d", i%50),
					Role: "doctor", Allow: i%10 > 0, Address: "192.0.2.7", Method: "GET", Path: "/api/patients",
					Ages: map[string]int64{"identity": 12}, Input: json.RawMessage(`{"context":{"identity":{"state":"fresh"}}}`),
				}
				if !e.Allow {
					e.Reasons = []string{"not_your_patient"}
				}
				if err := j.Append(context.Background(), e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := from; i < to; i++ {
		lanes <- i
	}
	close(lanes)
	group.Wait()
}

// Elasticsearch is taken away under load and comes back, twice; the shipper is
// restarted in between. What is in the journal is then in Elasticsearch, each
// record once.
func TestElasticsearchGone(t *testing.T) {
	s := realserver.Elasticsearch(t)
	stream := prepare(t, s)
	dir := t.TempDir()
	j, err := audit.Open(audit.Config{Dir: filepath.Join(dir, "journal"), SegmentBytes: 256 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	const each = 2000
	for round := range 2 {
		shipper := newShipper(t, dir, s.URL, stream)
		stop := run(t, shipper)
		at := shipper.Position().Seq
		put(t, j, round*each, round*each+each/2)
		await(t, "something is shipped", shipper, func(st ship.Status) bool { return st.Position.Seq > at })
		s.Stop()
		put(t, j, round*each+each/2, round*each+each)
		await(t, "the loss is noticed", shipper, func(st ship.Status) bool { return st.Fault != nil && st.Behind > 0 })
		s.Start()
		await(t, "some of it is shipped again", shipper, func(st ship.Status) bool { return st.Fault == nil })
		stop() // wherever it stands
	}
	shipper := newShipper(t, dir, s.URL, stream)
	run(t, shipper)
	await(t, "everything is shipped", shipper, func(st ship.Status) bool { return st.Behind == 0 })
	head := j.Head()
	if got := count(t, s, stream); got != int(head.Seq) || shipper.Status().Refused != 0 {
		t.Errorf("got %d documents and %d refused, want the journal's %d and none", got, shipper.Status().Refused, head.Seq)
	}
	sum := ask(t, s, http.MethodPost, "/"+stream+"/_search", `{"size":0,"aggs":{"last":{"max":{"field":"event.sequence"}},"ids":{"cardinality":{"field":"event.id","precision_threshold":40000}}}}`)
	last := sum["aggregations"].(map[string]any)["last"].(map[string]any)["value"].(float64)
	if uint64(last) != head.Seq {
		t.Errorf("the last document is record %v, want %d", last, head.Seq)
	}
}

// Shipped again from the start, as after a lost cursor, nothing is there twice.
func TestShippedAgainIsThereOnce(t *testing.T) {
	s := realserver.Elasticsearch(t)
	stream := prepare(t, s)
	dir := t.TempDir()
	j, err := audit.Open(audit.Config{Dir: filepath.Join(dir, "journal")})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	put(t, j, 0, 700)
	for range 2 {
		state := t.TempDir()
		client, err := elastic.Connect(elastic.Server{Addresses: []string{s.URL}})
		if err != nil {
			t.Fatal(err)
		}
		shipper, err := ship.New(ship.Parts{
			Name: "elasticsearch", Journal: filepath.Join(dir, "journal"), State: state, Sink: elastic.New(client, stream), Encode: encode,
		}, ship.Config{})
		if err != nil {
			t.Fatal(err)
		}
		stop := run(t, shipper)
		await(t, "everything is shipped", shipper, func(st ship.Status) bool { return st.Behind == 0 })
		stop()
	}
	if got := count(t, s, stream); got != 701 {
		t.Errorf("got %d documents, want 701", got)
	}
}

// Every field of a full document is indexed under the type that its list says,
// and a document that does not fit is refused by itself.
func TestFieldsAreIndexed(t *testing.T) {
	s := realserver.Elasticsearch(t)
	stream := prepare(t, s)
	full := &reader.Record{Seq: 1, Written: time.Now(), Hash: strings.Repeat("ab", 32), Event: pip.Event{
		Kind: pip.KindDecision, Time: time.Now(), Action: "user.ban", Outcome: "failure", Decision: "d-1", Subject: "u-1", Role: "doctor", Session: "s-1",
		Method: "POST", Path: "/x", PathDigest: "pd", QueryDigest: "qd", BodyDigest: "bd", Bytes: 5, Address: "2001:db8::1", OS: "Linux", Browser: "Firefox", Country: "DE",
		Reasons: []string{"role"}, Obligations: []string{"journal"}, Revision: "r", Ages: map[string]int64{"identity": 5}, Status: 403,
		Patients: []string{"p-1"}, Detail: strings.Repeat("long ", 10_000), Count: 3,
		Codes: map[string]int{"identity": 3}, Marks: map[string]pip.Mark{"identity": {Epoch: "e", Sequence: 3}},
		Input: json.RawMessage(`{"resource":{"type":"patient"},"context":{"identity":{"state":"fresh"},"location":{"place":"on_site"},"device":{"match":"same"},"credential":{"acr":"a"}}}`),
	}}
	client, err := elastic.Connect(elastic.Server{Addresses: []string{s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	sink := elastic.New(client, stream)
	good, err := encode("main", full)
	if err != nil {
		t.Fatal(err)
	}
	full.Event.Kind, full.Event.Action, full.Event.Detail, full.Seq = pip.KindAccount, "user.ban", "account u-2", 2
	also, err := encode("main", full)
	if err != nil {
		t.Fatal(err)
	}
	bad := ship.Document{ID: "poison", Body: []byte(`{"@timestamp":"not a time"}`)}
	refused, err := sink.Send(t.Context(), []ship.Document{good, bad, also})
	if err != nil || len(refused) != 1 || refused[0].Index != 1 || refused[0].Code != "document_parsing_exception" {
		t.Fatalf("got %v, %v, want the second refused", refused, err)
	}
	if got := count(t, s, stream); got != 2 {
		t.Errorf("got %d documents, want 2", got)
	}
	caps := ask(t, s, http.MethodGet, "/"+stream+"/_field_caps?fields=*", "")["fields"].(map[string]any)
	for _, f := range ecs.Fields() {
		name := strings.ReplaceAll(f.Name, ".*", ".identity")
		types, _ := caps[name].(map[string]any)
		if _, ok := types[strings.TrimPrefix(f.Type, "constant_")]; !ok {
			t.Errorf("%s: got %v, want %s", name, types, f.Type)
		}
	}
}

// A stream that nobody made a template for is not made up: records wait.
func TestNoTemplateNoStream(t *testing.T) {
	s := realserver.Elasticsearch(t)
	client, err := elastic.Connect(elastic.Server{Addresses: []string{s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	refused, err := elastic.New(client, "wardgate-without-template").Send(t.Context(), []ship.Document{{ID: "a", Body: []byte(`{"@timestamp":"2026-03-01T10:00:00Z"}`)}})
	if err == nil || len(refused) > 0 || errors.Is(err, ship.ErrRefused) {
		t.Errorf("got %v, %v, want an error that offers it again", refused, err)
	}
}

func TestRealSetupWithoutLifecycle(t *testing.T) {
	s := realserver.Elasticsearch(t)
	client, err := elastic.Connect(elastic.Server{Addresses: []string{s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	err = elastic.Setup(t.Context(), client, elastic.Plan{Stream: elastic.DefaultStream, DeleteAfterDays: 30}, nil)
	if err != nil && !errors.Is(err, elastic.ErrNoLifecycle) {
		t.Errorf("got %v, want a whole set-up, or %v", err, elastic.ErrNoLifecycle)
	}
}

package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/console"
	"github.com/wardgate/wardgate/pip"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// journal is one that shows what it was asked for.
type journal struct {
	events []pip.Event
	pad    int // bytes by which the JSON of each record is longer
	fault  error
	stalls bool
	asked  console.Filter
}

func (j *journal) Records(ctx context.Context, f console.Filter) iter.Seq2[console.Record, error] {
	j.asked = f
	return func(yield func(console.Record, error) bool) {
		if j.stalls {
			<-ctx.Done()
			yield(console.Record{}, ctx.Err())
			return
		}
		for i, e := range j.events {
			seq := uint64(i + 1)
			if seq <= f.After {
				continue
			}
			text := fmt.Sprintf(`{"seq":%d,"pad":%q}`, seq, strings.Repeat("x", j.pad))
			if !yield(console.Record{Seq: seq, Event: e, JSON: json.RawMessage(text)}, nil) {
				return
			}
		}
		if j.fault != nil {
			yield(console.Record{}, j.fault)
		}
	}
}

func (j *journal) Verify(ctx context.Context) (bool, any, error) {
	if j.stalls {
		<-ctx.Done()
		return true, nil, ctx.Err()
	}
	return j.fault == nil, map[string]int{"records": len(j.events)}, nil
}

type book map[string][]byte

func (b book) Rules() (string, map[string][]byte) { return "r-1", b }

// desk asks a console as the enforcement point does.
type desk struct {
	t   *testing.T
	key *assertion.Key
	h   http.Handler
}

func newDesk(t *testing.T, j console.Journal, b console.Book) *desk {
	t.Helper()
	key, err := assertion.NewKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	h, err := console.New(console.Config{
		Key: key, Journal: j, Book: b, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, key, h}
}

func (d *desk) request(method, target string) *http.Request {
	d.t.Helper()
	path, query, _ := strings.Cut(target, "?")
	signed, err := d.key.Sign(assertion.Claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: "u-1"}, Action: "audit.read", Decision: "d-1",
		Method: method, Path: path, QueryDigest: assertion.Digest([]byte(query)),
	}, console.Audience, time.Now())
	if err != nil {
		d.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(d.t.Context(), method, target, http.NoBody)
	r.Header.Set(assertion.Header, signed)
	return r
}

func (d *desk) do(method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, d.request(method, target))
	return w
}

func (d *desk) get(target string, into any) {
	d.t.Helper()
	w := d.do(http.MethodGet, target)
	if w.Code != http.StatusOK {
		d.t.Fatalf("%s: got %d %s", target, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		d.t.Fatalf("%s: %v in %s", target, err, w.Body)
	}
}

func (d *desk) refused(target string, status int, code string) problem.Document {
	d.t.Helper()
	w := d.do(http.MethodGet, target)
	var p problem.Document
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != status || len(p.Reasons) != 1 || p.Reasons[0] != code || p.Decision != "d-1" {
		d.t.Errorf("%s: got %d %s, want %d %s", target, w.Code, w.Body, status, code)
	}
	return p
}

func TestPartsAreNamedThatAreAbsent(t *testing.T) {
	_, err := console.New(console.Config{})
	if err == nil || !strings.HasSuffix(err.Error(), "Book, Journal, Key, Log") {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsServedWithoutAnAssertion(t *testing.T) {
	d := newDesk(t, &journal{}, book{})
	for _, path := range []string{"/api/audit/journal", "/api/audit/verify", "/api/audit/policy", "/api/audit/policy/a", "/api/audit/reports"} {
		w := httptest.NewRecorder()
		d.h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusUnauthorized {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			if w := d.do(method, path); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: got %d", method, path, w.Code)
			}
		}
	}
	d.refused("/api/audit", http.StatusNotFound, "not_found")
}

type pageSeen struct {
	Items []struct{ Seq uint64 }
	Next  *uint64
}

func TestJournalIsReadPageByPage(t *testing.T) {
	d := newDesk(t, &journal{events: make([]pip.Event, 5)}, book{})
	var seen []uint64
	for after, pages := uint64(0), 0; ; pages++ {
		var p pageSeen
		d.get(fmt.Sprintf("/api/audit/journal?limit=2&after=%d", after), &p)
		for _, item := range p.Items {
			seen = append(seen, item.Seq)
		}
		if p.Next == nil {
			break
		}
		if after = *p.Next; pages > 2 {
			t.Fatal("the pages do not end")
		}
	}
	if fmt.Sprint(seen) != "[1 2 3 4 5]" {
		t.Errorf("got %v", seen)
	}
	var whole pageSeen
	d.get("/api/audit/journal?limit=5", &whole)
	if len(whole.Items) != 5 || whole.Next != nil {
		t.Errorf("got %+v", whole)
	}
}

func TestPageIsBoundedInBytes(t *testing.T) {
	for pad, want := range map[int]int{3 << 20: 1, 6 << 20: 1, 1 << 20: 3} {
		d := newDesk(t, &journal{events: make([]pip.Event, 4), pad: pad}, book{})
		var p pageSeen
		d.get("/api/audit/journal", &p)
		if len(p.Items) != want || p.Next == nil || *p.Next != uint64(want) {
			t.Errorf("records of %d bytes: got %d, next %v, want %d", pad, len(p.Items), p.Next, want)
		}
	}
}

func TestEveryParameterNarrows(t *testing.T) {
	j := &journal{}
	d := newDesk(t, j, book{})
	d.get("/api/audit/journal?kind=decision&subject=u-1&patient=p-1&session=s-1&decision=d-9&rule=role/role&action=patient.read"+
		"&outcome=failure&since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z&after=7", &pageSeen{})
	want := console.Filter{
		After: 7, Kind: pip.KindDecision, Subject: "u-1", Patient: "p-1", Session: "s-1", Decision: "d-9", Rule: "role/role",
		Action: "patient.read", Outcome: "failure",
		Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	}
	if j.asked != want {
		t.Errorf("got %+v, want %+v", j.asked, want)
	}
}

func TestWhatIsNotUnderstoodIsNamed(t *testing.T) {
	d := newDesk(t, &journal{}, book{})
	for target, names := range map[string]string{
		"/api/audit/journal?limit=0":                                               "query.limit",
		"/api/audit/journal?limit=501":                                             "query.limit",
		"/api/audit/journal?limit=-1":                                              "query.limit",
		"/api/audit/journal?limit=ten&after=x":                                     "query.after query.limit",
		"/api/audit/journal?after=18446744073709551615":                            "query.after",
		"/api/audit/journal?since=yesterday":                                       "query.since",
		"/api/audit/journal?until=2026-01-01":                                      "query.until",
		"/api/audit/journal?kind=rumour&outcome=good":                              "query.kind query.outcome",
		"/api/audit/journal?subject=":                                              "query.subject",
		"/api/audit/journal?subject=a&subject=b":                                   "query.subject",
		"/api/audit/journal?patient=" + strings.Repeat("p", 129):                   "query.patient",
		"/api/audit/journal?Subject=a&name=b":                                      "query.Subject query.name",
		"/api/audit/journal?subject=%zz":                                           "query",
		"/api/audit/journal?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z": "query.until",
		"/api/audit/verify?fast=1":                                                 "query.fast",
		"/api/audit/policy?revision=old":                                           "query.revision",
		"/api/audit/policy/0123456789abcdef?x=1":                                   "query.x",
		"/api/audit/reports?limit=5":                                               "query.limit",
		"/api/audit/reports?since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:01Z": "query.since",
		"/api/audit/reports?since=2026-03-02T00:00:00Z":                            "query.until",
	} {
		var got []string
		for _, f := range d.refused(target, http.StatusBadRequest, "query_malformed").Errors {
			got = append(got, f.Location)
		}
		if strings.Join(got, " ") != names {
			t.Errorf("%s: got %v, want %s", target, got, names)
		}
	}
}

func TestJournalThatDoesNotVerifyIsNotShown(t *testing.T) {
	d := newDesk(t, &journal{events: make([]pip.Event, 3), fault: errors.New("broken")}, book{})
	d.refused("/api/audit/journal", http.StatusServiceUnavailable, "journal_unreadable")
	d.refused("/api/audit/reports", http.StatusServiceUnavailable, "journal_unreadable")
	var said struct {
		Whole  bool
		Report struct{ Records int }
	}
	if d.get("/api/audit/verify", &said); said.Whole || said.Report.Records != 3 {
		t.Errorf("got %+v", said)
	}
}

func TestWholeJournalIsSaidToBe(t *testing.T) {
	var said struct{ Whole bool }
	if newDesk(t, &journal{}, book{}).get("/api/audit/verify", &said); !said.Whole {
		t.Error("a whole journal is not said to be")
	}
}

// What takes too long ends, and so does waiting for a turn.
func TestReadingsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, &journal{stalls: true}, book{})
		begun := time.Now()
		ended := make(chan int)
		for range 6 {
			r := d.request(http.MethodGet, "/api/audit/verify")
			go func() {
				w := httptest.NewRecorder()
				d.h.ServeHTTP(w, r)
				ended <- w.Code
			}()
		}
		for range 6 {
			if code := <-ended; code != http.StatusServiceUnavailable {
				t.Errorf("got %d", code)
			}
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestRuleBookIsListedAndShown(t *testing.T) {
	d := newDesk(t, &journal{}, book{"authz/authz.rego": []byte("package authz\n"), "authz/tables/rights.rego": []byte("package authz.tables\n")})
	type file struct {
		ID, Path, SHA256, Text string
		Bytes                  int
	}
	var list struct {
		Revision string
		Files    []file
	}
	d.get("/api/audit/policy", &list)
	if list.Revision != "r-1" || len(list.Files) != 2 || list.Files[0].Path != "authz/authz.rego" || list.Files[1].Bytes != 21 {
		t.Fatalf("got %+v", list)
	}
	for _, listed := range list.Files {
		if len(listed.ID) != 16 || strings.ContainsAny(listed.ID, "./") {
			t.Errorf("id %q", listed.ID)
		}
		var shown struct {
			Revision string
			file
		}
		d.get("/api/audit/policy/"+listed.ID, &shown)
		if shown.Revision != "r-1" || shown.SHA256 != listed.SHA256 || shown.Path != listed.Path || assertion.Digest([]byte(shown.Text)) != listed.SHA256 {
			t.Errorf("got %+v, listed %+v", shown, listed)
		}
	}
	d.refused("/api/audit/policy/0123456789abcdef", http.StatusNotFound, "not_found")
}

type reportSeen struct {
	Since, Until    time.Time
	Events, Omitted int
	Items, Reasons  []struct {
		Kind, Action, Role, Outcome, Reason string
		Count                               int
	}
}

func TestReportCounts(t *testing.T) {
	denied := pip.Event{Kind: pip.KindDecision, Action: "patient.read", Role: "nurse", Outcome: "failure", Reasons: []string{"a", "b"}}
	many := denied
	many.Count = 5
	read := pip.Event{Kind: pip.KindDecision, Action: "patient.read", Role: "doctor", Outcome: "success"}
	j := &journal{events: []pip.Event{denied, read, many, read, {Kind: pip.KindSystem, Action: "start"}}}
	var r reportSeen
	newDesk(t, j, book{}).get("/api/audit/reports", &r)
	// What happened in the second that runs is counted too.
	end := noon.Add(time.Second)
	if !r.Until.Equal(end) || !r.Since.Equal(end.Add(-24*time.Hour)) || !j.asked.Since.Equal(r.Since) || !j.asked.Until.Equal(r.Until) {
		t.Errorf("got %+v of %+v", r, j.asked)
	}
	want := "{9 [{decision patient.read doctor success  2} {decision patient.read nurse failure  6} {system start    1}]" +
		" [{decision patient.read nurse  a 6} {decision patient.read nurse  b 6}] 0}"
	if got := fmt.Sprintf("{%d %v %v %d}", r.Events, r.Items, r.Reasons, r.Omitted); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReportIsBounded(t *testing.T) {
	j := &journal{events: make([]pip.Event, 10_003)}
	for i := range j.events {
		j.events[i].Action = fmt.Sprint(i)
	}
	var r reportSeen
	newDesk(t, j, book{}).get("/api/audit/reports", &r)
	if len(r.Items) != 10_000 || r.Events != 10_003 || r.Omitted != 3 {
		t.Errorf("got %d rows, %d events, %d omitted", len(r.Items), r.Events, r.Omitted)
	}
}

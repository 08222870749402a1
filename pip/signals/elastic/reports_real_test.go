//go:build integration

package elastic_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/pip/signals/elastic"
)

// tell calls the real server as another system does.
func tell(t testing.TB, method, path, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, realserver.Elasticsearch(t).URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode > 299 {
		t.Fatalf("%s %s: %s", method, path, res.Status)
	}
}

const mapping = `{"mappings":{"properties":{"@timestamp":{"type":"date"},"event":{"properties":{"kind":{"type":"keyword"},"dataset":{"type":"keyword"},` +
	`"severity":{"type":"long"}}},"user":{"properties":{"name":{"type":"keyword"},"email":{"type":"keyword"},"id":{"type":"keyword"},"full":{"type":"text"}}},"host":{"properties":{"ip":{"type":"ip"}}}}}}`

// The events of an EDR in two of its indices: what is an alert, and young
// enough, counts for whom it names, and stops to count in time.
func TestRealReports(t *testing.T) {
	name := fmt.Sprintf("edr-t%d", time.Now().UnixNano())
	for _, day := range []string{"-1", "-2"} {
		tell(t, http.MethodPut, "/"+name+day, mapping)
	}
	now := time.Now().UTC()
	put := func(day string, before time.Duration, fields map[string]any) {
		fields["@timestamp"] = now.Add(-before)
		doc, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		tell(t, http.MethodPost, "/"+name+day+"/_doc?refresh=true", string(doc))
	}
	type f = map[string]any
	put("-1", 0, f{"event.kind": "alert", "event.severity": 9, "user.name": "Dr.Osei", "host.ip": "192.0.2.7"})
	put("-2", 5*time.Minute, f{"event.kind": "alert", "event.severity": 9, "user.name": "dr.osei", "host.ip": []string{"192.0.2.7", "2001:db8::1"}})
	put("-1", 11*time.Minute, f{"event.kind": "alert", "event.severity": 9, "user.name": "dr.osei", "host.ip": "192.0.2.7"})
	put("-1", 0, f{"event.kind": "event", "event.severity": 9, "user.name": "dr.osei", "host.ip": "192.0.2.7"})
	put("-1", 0, f{"event.kind": "alert", "event.severity": 1, "user.name": "dr.osei"})
	put("-1", 0, f{"event.kind": "alert", "event.severity": 9, "user.id": osei})
	put("-1", 0, f{"event.kind": "alert", "event.severity": 9, "event.dataset": "wardgate.audit", "user.name": "dr.osei"})

	// Named twice, and counted once.
	put("-1", 0, f{"event.kind": "alert", "event.severity": 9, "user.id": osei, "user.name": "dr.osei", "user.email": "dr.osei@hospital.test"})
	put("-2", 0, f{"event.kind": "alert", "event.severity": 9, "user.email": "DR.OSEI@hospital.test"})

	reports := []elastic.Report{{Index: name + "-*", Report: signals.Report{
		Kind: "malware", When: map[string]string{"event.kind": "alert", "event.severity": "9"},
		About: map[signals.By]string{signals.ByUsername: "user.name", signals.ByEmail: "user.email", signals.ByAddress: "host.ip", signals.ByAccount: "user.id"},
	}}}
	store := open(t)
	source := signals.New(elastic.NewReported(store, transport(t), &register{}, reports), slog.New(slog.DiscardHandler))
	counted := func(after time.Duration, who signals.Who) map[string]int {
		t.Helper()
		if err := source.Refresh(t.Context(), now.Add(after)); err != nil {
			t.Fatal(err)
		}
		return source.Active(now.Add(after))[who].External
	}
	for _, tt := range []struct {
		after time.Duration
		who   signals.Who
		want  int
	}{
		{0, signals.Who{Subject: osei}, 5}, {0, signals.Who{Address: "192.0.2.7"}, 2}, {0, signals.Who{Address: "2001:db8::"}, 1},
		{6 * time.Minute, signals.Who{Subject: osei}, 4}, {11 * time.Minute, signals.Who{Subject: osei}, 0},
	} {
		want := map[string]int{}
		if tt.want > 0 {
			want["malware"] = tt.want
		}
		if got := counted(tt.after, tt.who); !maps.Equal(got, want) {
			t.Errorf("%v after %s: got %v, want %v", tt.who, tt.after, got, want)
		}
	}
	counted(0, signals.Who{})
	if got := source.Measure(&pip.Query{Subject: osei, Now: now}); got.External["malware"] != 5 {
		t.Errorf("got %+v, want what the EDR reported", got)
	}
}

// Each way in which reports would silently count nothing is an error.
func TestRealReportsThatDoNotFit(t *testing.T) {
	name := fmt.Sprintf("edr-t%d", time.Now().UnixNano())
	tell(t, http.MethodPut, "/"+name+"-1", mapping)
	about := func(by signals.By, field string) func(*elastic.Report) {
		return func(r *elastic.Report) { r.About = map[signals.By]string{by: field} }
	}
	good := elastic.Report{Index: name + "-*", Report: signals.Report{
		Kind: "malware", When: map[string]string{"event.kind": "alert"}, About: map[signals.By]string{signals.ByUsername: "user.name"},
	}}
	for fault, change := range map[string]func(*elastic.Report){
		"":                         func(*elastic.Report) {},
		"status 404":               func(r *elastic.Report) { r.Index = name + "-typo-*" },
		"no index has the field":   about(signals.ByUsername, "user.nam"),
		"user.full is a text":      about(signals.ByUsername, "user.full"),
		"event.severity is a long": about(signals.ByAddress, "event.severity"),
		"event.kind is a keyword":  func(r *elastic.Report) { r.Time = "event.kind" },
	} {
		one := good
		change(&one)
		_, err := elastic.NewReported(&signals.Memory{}, transport(t), &register{}, []elastic.Report{one}).Counts(t.Context(), time.Now())
		if (err == nil) != (fault == "") || err != nil && !strings.Contains(err.Error(), fault) {
			t.Errorf("got %v, want %q", err, fault)
		}
	}
}

// More names than one answer holds are all counted.
func TestRealReportsOfMany(t *testing.T) {
	name := fmt.Sprintf("vpn-t%d", time.Now().UnixNano())
	tell(t, http.MethodPut, "/"+name, mapping)
	const many = 9000
	var bulk strings.Builder
	now := time.Now().UTC()
	for i := range many {
		fmt.Fprintf(&bulk, "{\"index\":{}}\n{\"@timestamp\":%q,\"event.kind\":\"alert\",\"host.ip\":\"10.0.%d.%d\"}\n", now.Format(time.RFC3339Nano), i/250, i%250)
	}
	tell(t, http.MethodPost, "/"+name+"/_bulk?refresh=true", bulk.String())
	one := elastic.Report{Index: name, Report: signals.Report{
		Kind: "failed_log_in", When: map[string]string{"event.kind": "alert"}, About: map[signals.By]string{signals.ByAddress: "host.ip"},
	}}
	got, err := elastic.NewReported(&signals.Memory{}, transport(t), nil, []elastic.Report{one}).Counts(t.Context(), now)
	if err != nil || len(got) != many || got[signals.Who{Address: "10.0.35.249"}].External["failed_log_in"] != 1 {
		t.Errorf("got %d addresses, %v, want %d", len(got), err, many)
	}
}

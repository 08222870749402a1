//go:build integration

package behaviour_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/e2e/rig"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
)

// The same hospital as on the embedded stores: its journal is shipped to a real
// Elasticsearch, which also counts behaviour, and in which a VPN writes.
func TestRealBehaviourIsActedOn(t *testing.T) {
	s := realserver.Elasticsearch(t)
	rig.MakeStream(t, s)
	vpn := newVPN(t, s)
	behaviourDrill{
		configure: func(c *config.Config) {
			c.Stores.Signals = "elasticsearch"
			c.Stores.Events.Elasticsearch.Addresses = []string{s.URL}
			c.Signals.Reports = []config.Report{{
				Name: "vpn", Kind: "failed_log_in", Index: vpn + "*",
				When:  map[string]string{"event.category": "authentication", "event.outcome": "failure"},
				About: map[string]string{"username": "user.name", "email": "user.email"},
			}}
		},
		shipped: func(wanted map[string]any) bool { return found(t, s, wanted) },
		failed: func(username string, times int) {
			logInAtVPN(t, s, vpn, "name", username, "success", 20) // what is no failure is no bad news
			logInAtVPN(t, s, vpn, "name", username, "failure", times-2)
			logInAtVPN(t, s, vpn, "email", username+"@demo.hospital.test", "failure", 2)
		},
	}.run(t)
	status, said := rig.AskEngine(t, s, http.MethodGet, "/wardgate-signals-*/_search?size=1000&q=_exists_:origin", "")
	if status != http.StatusOK || !strings.Contains(string(said), "a "+sprayedFrom) {
		t.Errorf("got %d %s, want counts of the spraying address: they were kept elsewhere", status, said)
	}
}

// found asks the real server for a record, behind the process's back.
func found(t *testing.T, s *realserver.ElasticsearchServer, wanted map[string]any) bool {
	t.Helper()
	var filter []any
	for name, value := range wanted {
		filter = append(filter, map[string]any{"term": map[string]any{name: value}})
	}
	query, err := json.Marshal(map[string]any{"size": 0, "query": map[string]any{"bool": map[string]any{"filter": filter}}})
	if err != nil {
		t.Fatal(err)
	}
	status, said := rig.AskEngine(t, s, http.MethodPost, "/"+elastic.DefaultStream+"/_search", string(query))
	var answer struct {
		Hits struct{ Total struct{ Value int } }
	}
	if err := json.Unmarshal(said, &answer); status != http.StatusOK && status != http.StatusNotFound || err != nil {
		t.Fatalf("search: %d %s, %v", status, said, err)
	}
	return answer.Hits.Total.Value > 0
}

// newVPN makes the index in which another system writes, and returns its name.
func newVPN(t *testing.T, s *realserver.ElasticsearchServer) string {
	t.Helper()
	name := fmt.Sprintf("logs-vpn-t%d", time.Now().UnixNano())
	const keyword = `{"type":"keyword"}`
	mapping := `{"mappings":{"properties":{"@timestamp":{"type":"date"},"event":{"properties":{"category":` + keyword + `,"outcome":` + keyword +
		`,"dataset":` + keyword + `}},"user":{"properties":{"name":` + keyword + `,"email":` + keyword + `}}}}}`
	if status, said := rig.AskEngine(t, s, http.MethodPut, "/"+name, mapping); status != http.StatusOK {
		t.Fatalf("%s: %d %s", name, status, said)
	}
	return name
}

func logInAtVPN(t *testing.T, s *realserver.ElasticsearchServer, index, field, user, outcome string, times int) {
	t.Helper()
	line := fmt.Sprintf("{\"create\":{}}\n{\"@timestamp\":%q,\"event.category\":\"authentication\",\"event.outcome\":%q,\"user.%s\":%q}\n",
		time.Now().UTC().Format(time.RFC3339Nano), outcome, field, user)
	if status, said := rig.AskEngine(t, s, http.MethodPost, "/"+index+"/_bulk?refresh=true", strings.Repeat(line, times)); status != http.StatusOK {
		t.Fatalf("%s: %d %s", index, status, said)
	}
}

// Two decision points, each with an enforcement point, have nothing in common
// for behaviour but Elasticsearch: half of a misdeed at each door is a whole one,
// acted on once, and at both.
func TestRealDoorsCountTogether(t *testing.T) {
	s := realserver.Elasticsearch(t)
	book, tools := rig.CopyBook(t), newAlertTools(t)
	for _, row := range impatient {
		rig.EditFile(t, filepath.Join(book, filepath.FromSlash(rig.VerdictTable)), row[0], row[1])
	}
	h := rig.NewSplit(t)
	h.StartRecords()
	h.StartInference()
	var doors []*rig.World
	for _, n := range []string{"1", "2"} {
		h.StartPDP("pdp"+n, func(c *config.Config) {
			c.Policies = book
			c.Stores.Signals = "elasticsearch"
			c.Stores.Events.Elasticsearch.Addresses = []string{s.URL}
			c.Alerts.Webhook.URL, c.Alerts.Webhook.SecretFile = tools.URL, tools.secretFile
		})
		h.StartPEP("pep"+n, "pdp"+n, nil)
		doors = append(doors, h.At("pep"+n, "pdp"+n))
	}
	const there = "127.0.0.35"
	for i, names := range [][]string{{"nobody1", "nobody2", "nobody3"}, {"nurse"}} { // what is tried after the fourth may meet the bar
		for _, name := range names {
			doors[i].From("stranger", there).Post("/auth/login", rig.WrongPassword(name)).Is(http.StatusUnauthorized)
		}
	}
	for _, door := range doors {
		isBarred(door.From("stranger", there))
	}
	tools.gets(t, alert{Verdict: "spraying", Do: "bar", Address: there})
	told := 0
	for _, data := range []string{doors[0].Data, doors[1].Data} {
		told += len(rig.Events(t, data, func(e *pip.Event) bool { return e.Action == "sentinel.bar" && e.Address == there }))
	}
	tools.mu.Lock()
	defer tools.mu.Unlock()
	if again := slices.DeleteFunc(slices.Clone(tools.got), func(a alert) bool { return a.Address != there }); len(again) != 1 || told != 1 {
		t.Errorf("got %d alerts %v and %d records, want the verdict carried out once", len(again), again, told)
	}
}

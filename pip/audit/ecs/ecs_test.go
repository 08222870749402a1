package ecs_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

const input = `{"subject":{"type":"user","id":"u-1","properties":{"role":"doctor","staff":"s-hidden","patient":"","department":"d-hidden"}},` +
	`"action":{"name":"patient.read"},"resource":{"type":"patient","id":"p-hidden"},` +
	`"context":{"credential":{"state":"valid","acr":"urn:wardgate:acr:two","amr":"pwd otp"},"identity":{"state":"fresh"},` +
	`"device":{"state":"fresh","match":"same"},"location":{"state":"stale","place":"off_site","country":"DE"},` +
	`"signals":{"state":"unknown","denials":""}}}`

// full has every field that an event can have.
func full() *reader.Record {
	return &reader.Record{
		Seq: 42, Written: time.Date(2026, 3, 1, 10, 0, 1, 0, time.UTC), Hash: strings.Repeat("ab", 32), Segment: 1,
		Event: pip.Event{
			Kind: pip.KindAccount, Time: time.Date(2026, 3, 1, 10, 0, 0, 123456000, time.UTC), Action: "user.ban", Outcome: "failure",
			Decision: "d-1", Subject: "u-1", Role: "doctor", Session: "s-1", Caller: "token:lab",
			Method: "POST", Path: "/api/admin/users/u-2/ban", Application: "imaging", PathDigest: "pd", QueryDigest: "qd", BodyDigest: "bd", Bytes: 5, Address: "2001:db8::1",
			OS: "Linux", Browser: "Firefox", Country: "DE",
			Reasons: []string{"device_changed", "role"}, Obligations: []string{"journal"},
			Duties: []json.RawMessage{json.RawMessage(`{"fields":["contact"]}`)}, Answered: 404, Shown: []string{"not_found"}, Measures: json.RawMessage(`{"signals":[3]}`),
			Rules: []string{"role/role"}, Right: "Manage users", Reach: "any", Revision: "r-1",
			Input: json.RawMessage(input), Ages: map[string]int64{"identity": 5, "not started": 7},
			Status: 403, Patients: []string{"p-1", "p-2"}, Detail: "account u-2: noise", Alarm: true, Count: 3,
			Codes: map[string]int{"role": 3, "device_changed": 2}, Network: "2001:db8::/64",
			Since: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), Until: time.Date(2026, 3, 1, 10, 0, 9, 0, time.UTC),
			Change: &pip.Change{What: pip.ChangeBan, Of: "u-2"}, Marks: map[string]pip.Mark{"sessions": {Epoch: "e", Sequence: 9}},
		},
	}
}

func document(t *testing.T, r *reader.Record) map[string]any {
	t.Helper()
	b, err := ecs.Document("main", r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(string(b), '\n') {
		t.Fatalf("the document has more than one line: %s", b)
	}
	var d map[string]any
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	flat := map[string]any{}
	flatten("", d, flat)
	return flat
}

func flatten(prefix string, in map[string]any, out map[string]any) {
	for k, v := range in {
		if m, ok := v.(map[string]any); ok {
			flatten(prefix+k+".", m, out)
			continue
		}
		out[prefix+k] = v
	}
}

// Every field of a document is in the list that the template and the
// documentation are made of, and the other way round.
func TestFieldsAreComplete(t *testing.T) {
	r := full()
	d := document(t, r)
	r.Event.Kind = pip.KindDecision
	for k, v := range document(t, r) {
		d[k] = v
	}
	used := map[string]bool{}
	for name := range d {
		if strings.HasPrefix(name, "wardgate.ages.") || strings.HasPrefix(name, "wardgate.codes.") || strings.HasPrefix(name, "wardgate.marks.") || strings.HasPrefix(name, "wardgate.facts.") {
			name = name[:strings.LastIndexByte(name, '.')] + ".*"
		}
		used[name] = true
	}
	listed := map[string]bool{}
	for _, f := range ecs.Fields() {
		if listed[f.Name] {
			t.Errorf("%s is listed twice", f.Name)
		}
		listed[f.Name] = true
		if !used[f.Name] {
			t.Errorf("%s is listed, and a full document does not have it", f.Name)
		}
	}
	for name := range used {
		if !listed[name] {
			t.Errorf("a document has %s, which is not listed", name)
		}
	}
}

// The types that ECS 8.17 gives the fields that are used here.
var standard = map[string]string{
	"@timestamp": "date", "ecs.version": "keyword",
	"data_stream.type": "constant_keyword", "data_stream.dataset": "constant_keyword", "data_stream.namespace": "constant_keyword",
	"event.id": "keyword", "event.sequence": "long", "event.kind": "keyword", "event.category": "keyword", "event.type": "keyword",
	"event.action": "keyword", "event.outcome": "keyword", "event.reason": "keyword", "event.created": "date", "event.start": "date", "event.end": "date",
	"event.module": "keyword", "event.dataset": "keyword", "event.hash": "keyword",
	"service.name": "keyword", "service.type": "keyword", "user.id": "keyword", "user.roles": "keyword",
	"user_agent.name": "keyword", "user_agent.os.name": "keyword", "source.ip": "ip", "source.geo.country_iso_code": "keyword",
	"rule.id": "keyword", "rule.name": "keyword", "rule.description": "keyword", "rule.ruleset": "keyword", "rule.version": "keyword",
	"http.request.method": "keyword", "http.request.id": "keyword", "http.request.body.bytes": "long", "http.response.status_code": "long",
	"url.path": "keyword", "related.user": "keyword", "related.ip": "ip",
}

// What ECS does not define stands where ECS leaves room: under labels, which
// are keywords, and under a name of our own.
func TestFieldsAreThoseOfECS(t *testing.T) {
	for _, f := range ecs.Fields() {
		want, known := standard[f.Name]
		switch {
		case known && f.Type != want:
			t.Errorf("%s is a %s, ECS says %s", f.Name, f.Type, want)
		case strings.HasPrefix(f.Name, "labels."):
			if f.Type != "keyword" {
				t.Errorf("%s is a %s, labels are keywords", f.Name, f.Type)
			}
		case !known && !strings.HasPrefix(f.Name, "wardgate."):
			t.Errorf("%s is no field of ECS", f.Name)
		}
	}
}

// The types that ECS expects in each category.
var expected = map[string][]string{
	"api":                 {"access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info", "start", "user"},
	"authentication":      {"start", "end", "info"},
	"configuration":       {"access", "change", "creation", "deletion", "info"},
	"iam":                 {"admin", "change", "creation", "deletion", "group", "info", "user"},
	"intrusion_detection": {"allowed", "denied", "info"},
	"process":             {"access", "change", "end", "info", "start"},
	"session":             {"start", "end", "info"},
	"web":                 {"access", "error", "info"},
}

func TestClassification(t *testing.T) {
	tests := []struct {
		name  string
		event pip.Event
		want  string // kind, categories, types
	}{
		{"an allowed request", pip.Event{Kind: pip.KindDecision, Allow: true}, "event api,web access,allowed"},
		{"a denied request", pip.Event{Kind: pip.KindDecision, Reasons: []string{"role"}}, "event api,web access,denied"},
		{"a stolen token", pip.Event{Kind: pip.KindDecision, Reasons: []string{"device_changed"}, Alarm: true}, "alert api,web,intrusion_detection access,denied"},
		{"an answer", pip.Event{Kind: pip.KindOutcome, Status: 200}, "event web access"},
		{"a stream that ended", pip.Event{Kind: pip.KindStream, Outcome: "failure"}, "event web access"},
		{"a failing application", pip.Event{Kind: pip.KindOutcome, Status: 502}, "event web access,error"},
		{"a log-in", pip.Event{Kind: pip.KindSession, Action: "session.create", Outcome: "success"}, "event authentication,session start"},
		{"a wrong password", pip.Event{Kind: pip.KindSession, Action: "log_in.fail", Outcome: "failure"}, "event authentication start"},
		{"a refused session", pip.Event{Kind: pip.KindSession, Action: "session.create", Outcome: "failure"}, "event authentication start"},
		{"a log-out", pip.Event{Kind: pip.KindSession, Action: "session.end", Outcome: "success"}, "event session end"},
		{"a replayed refresh token", pip.Event{Kind: pip.KindSession, Action: "session.end", Detail: "refresh_replayed", Alarm: true}, "alert session,intrusion_detection end,info"},
		{"a refresh", pip.Event{Kind: pip.KindSession, Action: "session.refresh", Outcome: "success"}, "event authentication,session info"},
		{"a session on another host", pip.Event{Kind: pip.KindSession, Action: "session.carry", Outcome: "success"}, "event authentication,session info"},
		{"a step-up", pip.Event{Kind: pip.KindSession, Action: "session.elevate"}, "event authentication,session info"},
		{"a new account", pip.Event{Kind: pip.KindAccount, Action: "user.add"}, "event iam user,creation"},
		{"a ban", pip.Event{Kind: pip.KindAccount, Action: "user.ban"}, "event iam user,change"},
		{"a rule book", pip.Event{Kind: pip.KindPolicy, Action: "policy.activate"}, "event configuration change"},
		{"a start", pip.Event{Kind: pip.KindSystem, Action: "start"}, "event process start"},
		{"a repair", pip.Event{Kind: pip.KindSystem, Action: "journal.repair"}, "event process change"},
		{"a kind of tomorrow", pip.Event{Kind: "verdict", Action: "sentinel.ban"}, "alert process,intrusion_detection info"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := document(t, &reader.Record{Seq: 1, Hash: strings.Repeat("0", 64), Event: tt.event})
			category, types := texts(d["event.category"]), texts(d["event.type"])
			got := d["event.kind"].(string) + " " + strings.Join(category, ",") + " " + strings.Join(types, ",")
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			for _, c := range category {
				if expected[c] == nil {
					t.Errorf("%s is no category that ECS allows", c)
				}
			}
			for _, word := range types {
				if !slices.ContainsFunc(category, func(c string) bool { return slices.Contains(expected[c], word) }) {
					t.Errorf("ECS expects type %s in none of %v", word, category)
				}
			}
		})
	}
}

func texts(v any) []string {
	var out []string
	list, _ := v.([]any)
	for _, x := range list {
		out = append(out, x.(string))
	}
	return out
}

func TestDocument(t *testing.T) {
	got := document(t, full())
	for name, want := range map[string]any{
		"@timestamp":    "2026-03-01T10:00:00.123456Z",
		"event.created": "2026-03-01T10:00:01Z",
		"event.id":      "main-000000000042-abababab",
		"event.reason":  "device_changed, role",
		"event.outcome": "failure",
		"user.id":       "u-1", "source.ip": "2001:db8::1", "source.geo.country_iso_code": "DE",
		"user_agent.name": "Firefox", "user_agent.os.name": "Linux",
		"rule.version": "r-1", "http.request.method": "POST", "http.request.body.bytes": 5.0, "http.response.status_code": 403.0, "url.path": "/api/admin/users/u-2/ban",
		"wardgate.account": "u-2", "wardgate.ages.not_started": 7.0, "wardgate.facts.location": "stale", "wardgate.facts.signals": "unknown",
		"wardgate.place": "off_site", "wardgate.device": "same", "wardgate.resource": "patient",
	} {
		if got[name] != want {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
		}
	}
	for name, want := range map[string][]string{
		"rule.id": {"device_changed", "role", "role/role"}, "rule.name": {"device changed", "role", "Manage users"},
		"user.roles": {"doctor"}, "related.user": {"u-1", "u-2"}, "wardgate.patients": {"p-1", "p-2"},
	} {
		if !reflect.DeepEqual(texts(got[name]), want) {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
		}
	}
	if _, has := got["wardgate.facts.credential"]; has {
		t.Error("the state of a credential is not how far a fact may be believed")
	}
}

// What is allowed tells by which rule and right, for whom and how far.
func TestWhatIsAllowedTellsItsRule(t *testing.T) {
	r := full()
	r.Event.Reasons = nil
	for name, change := range map[string]struct {
		right, role, reach string
		names              []string
		description        any
	}{
		"a right of a role":    {"Billing and Finance", "patient", "self", []string{"Billing and Finance"}, "Billing and Finance: patient, self"},
		"a right of everybody": {"Log in", "", "", []string{"Log in"}, "Log in"},
		"no right":             {"", "doctor", "", []string{"role/role"}, nil},
	} {
		r.Event.Right, r.Event.Role, r.Event.Reach = change.right, change.role, change.reach
		got := document(t, r)
		if !slices.Equal(texts(got["rule.id"]), []string{"role/role"}) || !slices.Equal(texts(got["rule.name"]), change.names) ||
			got["rule.description"] != change.description {
			t.Errorf("%s: got %v, %v, %v", name, got["rule.id"], got["rule.name"], got["rule.description"])
		}
	}
}

// The input of a decision stays in the journal: no attribute and no id that
// stands in it alone leaves.
func TestInputStaysAtHome(t *testing.T) {
	b, err := ecs.Document("main", full())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "hidden") {
		t.Errorf("the document tells of the input: %s", b)
	}
}

// An event that cannot be mapped field by field is still a document, since a
// refused one would be missing.
func TestStrangeEventsAreDocuments(t *testing.T) {
	for name, e := range map[string]pip.Event{
		"nothing":            {},
		"an address that is": {Address: "not an address"},
		"a zone":             {Address: "fe80::1%eth0"},
		"an input of another shape": {
			Input: json.RawMessage(`{"context":{"location":["a"]},"resource":7}`),
		},
		"an outcome of another house": {Outcome: "perhaps"},
	} {
		t.Run(name, func(t *testing.T) {
			d := document(t, &reader.Record{Seq: 1, Hash: strings.Repeat("0", 64), Event: e})
			if ip, has := d["source.ip"]; has && ip != "fe80::1" {
				t.Errorf("got source.ip %v", ip)
			}
			if d["event.outcome"] == "perhaps" {
				t.Error("event.outcome has a word that ECS does not have")
			}
		})
	}
}

// Two journals that share their beginning never share an id after it.
func TestIDsOfAnotherEndDiffer(t *testing.T) {
	a, b := full(), full()
	b.Hash = strings.Repeat("cd", 32)
	if ecs.ID("main", a) == ecs.ID("main", b) {
		t.Error("two records have one id")
	}
}

// Whatever an event tells, its document tells too: a field that is added to
// events cannot be forgotten here.
func TestNoFieldOfAnEventIsForgotten(t *testing.T) {
	for i := range reflect.TypeFor[pip.Event]().NumField() {
		field := reflect.TypeFor[pip.Event]().Field(i)
		if field.Tag.Get("json") == "-" {
			continue // it is not recorded
		}
		with, without := full(), full()
		with.Event.Kind, without.Event.Kind = pip.KindDecision, pip.KindDecision
		if field.Name == "Kind" {
			with.Event.Kind = pip.KindOutcome
		} else {
			reflect.ValueOf(&without.Event).Elem().Field(i).SetZero()
		}
		if field.Name == "Allow" {
			with.Event.Allow = true
		}
		if reflect.DeepEqual(document(t, with), document(t, without)) {
			t.Errorf("the document is the same with and without %s", field.Name)
		}
	}
}

// The documentation has every field, with its type.
func TestFieldsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range ecs.Fields() {
		if row := "| `" + f.Name + "` | " + f.Type + " | " + f.What + " |"; !strings.Contains(string(text), row) {
			t.Errorf("docs/events.md lacks the row %s", row)
		}
	}
}

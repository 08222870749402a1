package api_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/api"
)

type replies struct {
	Evaluations []reply `json:"evaluations"`
}

func (r replies) decisions() []bool {
	var d []bool
	for _, e := range r.Evaluations {
		d = append(d, *e.Decision)
	}
	return d
}

// over is a batch about resources, over defaults of the other members.
func over(semantic string, resources ...string) string {
	items := make([]string, len(resources))
	for i, id := range resources {
		items[i] = `{"resource":{"type":"patient","id":"` + id + `"}}`
	}
	options := ""
	if semantic != "" {
		options = `"options":{"evaluations_semantic":"` + semantic + `","another_option":"value"},`
	}
	return `{"subject":{"type":"user","id":"u-1"},"action":{"name":"patient.read"},` + options +
		`"evaluations":[` + strings.Join(items, ",") + `]}`
}

func TestSemantics(t *testing.T) {
	tests := []struct {
		semantic  string
		resources []string
		want      []bool
	}{
		{"", []string{"1", "no-2", "3"}, []bool{true, false, true}},
		{"execute_all", []string{"1", "no-2", "3"}, []bool{true, false, true}},
		{"deny_on_first_deny", []string{"1", "no-2", "3"}, []bool{true, false}},
		{"deny_on_first_deny", []string{"1", "2", "3"}, []bool{true, true, true}},
		{"permit_on_first_permit", []string{"1", "no-2", "3"}, []bool{true}},
		{"permit_on_first_permit", []string{"no-1", "2", "3"}, []bool{false, true}},
		{"permit_on_first_permit", []string{"no-1", "no-2"}, []bool{false, false}},
	}
	for _, tt := range tests {
		t.Run(tt.semantic+" "+strings.Join(tt.resources, " "), func(t *testing.T) {
			w := newWorld(t)
			got := w.post(api.PathEvaluations, over(tt.semantic, tt.resources...))
			if d := decode[replies](t, got.Body.Bytes()).decisions(); got.Code != http.StatusOK || !slices.Equal(d, tt.want) {
				t.Errorf("got %d %v, want %v", got.Code, d, tt.want)
			}
			if len(w.decider.asked) != len(tt.want) || len(w.journal.events) != len(tt.want) {
				t.Errorf("got %d questions and %d events, want %d", len(w.decider.asked), len(w.journal.events), len(tt.want))
			}
		})
	}
}

func TestItemReplacesDefaultsWhole(t *testing.T) {
	w := newWorld(t)
	got := w.post(api.PathEvaluations, `{
		"subject":{"type":"user","id":"u-1"},
		"context":{"time":"2024-05-31T15:22-07:00","address":"10.0.0.1","user_agent":"curl/8"},
		"action":{"name":"can_read"},
		"evaluations":[
			{"resource":{"type":"document","id":"boxcarring.md"}},
			{"action":{"name":"can_edit"},"resource":{"type":"document","id":"resource-search.md"},"context":{"address":"10.0.0.2"}},
			{"subject":{"type":"user"},"resource":{"type":"document","id":"3"}}
		]}`)
	r := decode[replies](t, got.Body.Bytes())
	if !slices.Equal(r.decisions(), []bool{true, true, false}) || len(w.decider.asked) != 2 {
		t.Fatalf("got %s", got.Body)
	}
	first, second := w.decider.asked[0], w.decider.asked[1]
	if first.Action.Name != "can_read" || first.Context.UserAgent != "curl/8" || first.Context.Address.String() != "10.0.0.1" {
		t.Errorf("first: got %+v", first)
	}
	if second.Action.Name != "can_edit" || second.Context.UserAgent != "" || second.Context.Address.String() != "10.0.0.2" || second.Subject.ID != "u-1" {
		t.Errorf("second: got %+v", second)
	}
	if e := r.Evaluations[2].Context.Error; e == nil || e.Message != "evaluation.subject.id: required" {
		t.Errorf("third: got %+v, want an error: a default is not merged", e)
	}
}

func TestMalformedItemDeniesItselfOnly(t *testing.T) {
	w := newWorld(t)
	got := w.post(api.PathEvaluations, `{"subject":{"type":"user","id":"u-1"},"action":{"name":"patient.read"},
		"evaluations":[{},{"resource":{"type":"patient","id":"p-1"}},7,{"resource":{"type":"hunter2","id":5}},{"action":null,"resource":{"type":"patient","id":"p-1"}}]}`)
	want := func(message string) string {
		return `{"decision":false,"context":{"reasons":["evaluation_malformed"],"obligations":[],"error":{"status":400,"message":"` + message + `"}}}`
	}
	id := w.journal.events[0].Decision
	whole := `{"evaluations":[` + strings.Join([]string{
		want("evaluation.resource: required"),
		`{"decision":true,"context":{"id":"` + id + `","reasons":[],"obligations":[],` + grounded + `}}`,
		want("evaluation: expected an object"),
		want("evaluation.resource.id: expected a plain text of at most 1024 bytes"),
		want("evaluation.action: expected an object"),
	}, ",") + `]}`
	if got.Code != http.StatusOK || got.Body.String() != whole {
		t.Errorf("got %d %s\nwant %s", got.Code, got.Body, whole)
	}
	if len(w.journal.events) != 1 {
		t.Errorf("got %d events, want 1", len(w.journal.events))
	}
	got = w.post(api.PathEvaluations, `{"options":{"evaluations_semantic":"deny_on_first_deny"},"evaluations":[{},`+question("p-1")+`]}`)
	if d := decode[replies](t, got.Body.Bytes()).decisions(); !slices.Equal(d, []bool{false}) {
		t.Errorf("got %v, want an item that fails to end the batch", d)
	}
}

func TestBatchRefusedWhole(t *testing.T) {
	tests := []struct {
		name, body, code, location string
		status                     int
	}{
		{"unknown semantic", over("first_wins", "1"), "body_malformed", "body.options.evaluations_semantic", 400},
		{"semantic is a number", `{"options":{"evaluations_semantic":1},"evaluations":[{}]}`, "body_malformed", "body.options.evaluations_semantic", 400},
		{"options is a list", `{"options":[],"evaluations":[{}]}`, "body_malformed", "body.options", 400},
		{"evaluations is null", `{"evaluations":null}`, "body_malformed", "body.evaluations", 400},
		{"evaluations is an object", `{"evaluations":{}}`, "body_malformed", "body.evaluations", 400},
		{"default is a text", `{"subject":"x","evaluations":[{}]}`, "body_malformed", "body.subject", 400},
		{"too many", over("", make([]string, 1001)...), "batch_too_large", "body.evaluations", 413},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			f := refused(t, w.post(api.PathEvaluations, tt.body), tt.status, tt.code)
			if !slices.Equal(f.locations(), []string{tt.location}) || len(w.decider.asked) != 0 {
				t.Errorf("got %v and %d questions, want %s and none", f.locations(), len(w.decider.asked), tt.location)
			}
		})
	}
}

func TestLargestBatchIsAnsweredInOrder(t *testing.T) {
	resources := make([]string, api.BatchLimit)
	want := make([]bool, api.BatchLimit)
	for i := range resources {
		resources[i], want[i] = fmt.Sprintf("no-%d", i), i%3 == 0
		if want[i] {
			resources[i] = fmt.Sprintf("p-%d", i)
		}
	}
	w := newWorld(t)
	got := w.post(api.PathEvaluations, over("", resources...))
	if d := decode[replies](t, got.Body.Bytes()).decisions(); !slices.Equal(d, want) {
		t.Errorf("got %d answers, not the wanted ones", len(d))
	}
	if len(w.journal.events) != api.BatchLimit {
		t.Errorf("got %d events, want %d", len(w.journal.events), api.BatchLimit)
	}
}

func TestBatchWithoutItemsIsOneEvaluation(t *testing.T) {
	for _, evaluations := range []string{"", `"evaluations":[],`, `"options":{},`} {
		w := newWorld(t)
		got := w.post(api.PathEvaluations, `{`+evaluations+question("p-1")[1:])
		want := `{"decision":true,"context":{"id":"` + w.journal.events[0].Decision + `","reasons":[],"obligations":[],` + grounded + `}}`
		if got.Code != http.StatusOK || got.Body.String() != want {
			t.Errorf("got %d %s, want %s", got.Code, got.Body, want)
		}
	}
	f := refused(t, newWorld(t).post(api.PathEvaluations, `{"evaluations":[]}`), http.StatusBadRequest, "body_malformed")
	if len(f.Errors) != 3 {
		t.Errorf("got %v, want three missing members", f.locations())
	}
}

func TestBatchWhoseCallerLeftIsBrokenOff(t *testing.T) {
	w := newWorld(t)
	ctx, leave := context.WithCancel(t.Context())
	w.decider.answer = func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
		if r.Resource.ID == "2" {
			leave()
		}
		return byResource(r), nil
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, api.PathEvaluations, strings.NewReader(over("", "1", "2", "3", "4")))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	refused(t, w.send(r), http.StatusServiceUnavailable, "decision_unavailable")
	if len(w.decider.asked) != 2 || len(w.journal.events) != 2 {
		t.Errorf("got %d questions and %d events, want 2 and 2", len(w.decider.asked), len(w.journal.events))
	}
}

// A question asked alone and in a batch, as an item or by defaults, and in
// OPA's envelope, has one answer.
func TestSingleAndBatchAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	for range 300 {
		members := map[string]string{
			"subject":  pick(`{"type":"user","id":"u-1"}`, `{"type":"machine","id":"m"}`, `{"type":"anonymous","id":""}`, `{"type":"robot","id":"r"}`, `{"type":"user"}`, `5`, ""),
			"action":   pick(`{"name":"patient.read"}`, `{"name":"patient.delete","properties":{}}`, `{"name":""}`, ""),
			"resource": pick(`{"type":"patient","id":"p-1"}`, `{"type":"patient","id":"no-1"}`, `{"type":"patient","id":""}`, `{"id":"x"}`),
			"context":  pick(`{"address":"10.0.0.1"}`, `{"address":"here"}`, `{}`, "", ""),
		}
		item, defaults := split(random, members)
		whole := object(members)
		w := newWorld(t)
		alone := w.post(api.PathEvaluation, whole)
		want := reply{Decision: new(bool)}
		if alone.Code == http.StatusOK {
			want = decode[reply](t, alone.Body.Bytes())
		}
		got := []reply{}
		for _, body := range []string{`{"evaluations":[` + whole + `]}`, defaults[:len(defaults)-1] + comma(defaults) + `"evaluations":[` + item + `]}`} {
			answer := w.post(api.PathEvaluations, body)
			if answer.Code != http.StatusOK && members["subject"] == "5" {
				continue
			}
			got = append(got, decode[replies](t, answer.Body.Bytes()).Evaluations...)
		}
		if opa := w.post(api.PathAnswer, `{"input":`+whole+`}`); opa.Code != alone.Code {
			t.Errorf("%s: got %d, want %d", whole, opa.Code, alone.Code)
		}
		for _, g := range got {
			same := *g.Decision == *want.Decision && (g.Context.Error != nil) == (alone.Code == http.StatusBadRequest) &&
				(g.Context.Error != nil || slices.Equal(g.Context.Reasons, want.Context.Reasons)) &&
				len(g.Context.Obligations) == len(want.Context.Obligations)
			if !same {
				t.Fatalf("%s: got %+v, want %+v", whole, g, want)
			}
		}
	}
}

// split leaves some members to the defaults.
func split(random *rand.Rand, members map[string]string) (item, defaults string) {
	own, rest := map[string]string{}, map[string]string{}
	for _, name := range keys(members) {
		if random.IntN(2) == 0 {
			own[name] = members[name]
		} else {
			rest[name] = members[name]
		}
	}
	return object(own), object(rest)
}

func object(members map[string]string) string {
	var fields []string
	for _, name := range keys(members) {
		if members[name] != "" {
			fields = append(fields, `"`+name+`":`+members[name])
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

func comma(object string) string {
	if object == "{}" {
		return ""
	}
	return ","
}

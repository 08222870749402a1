package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/api"
)

// Whatever a body holds, the answer is JSON, is no fault of the service, and
// stands on exactly the questions that were asked and journalled; what is
// asked about is always somebody that the caller may vouch for.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		question("p-1"), question("no-1"), over("deny_on_first_deny", "1", "no-2"), `{"input":` + question("p-1") + `}`,
		`{"evaluations":[{},null,7]}`, `{"a":1,"A":2}`, `null`, `[]`, "{\"a\":\"\xff\"}", `{"options":{"evaluations_semantic":"x"}}`,
		`{"subject":{"type":"anonymous","id":""},"action":{"name":"a"},"resource":{"type":"t","id":""}}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{api.PathEvaluation, api.PathEvaluations, api.PathAnswer} {
			w := newWorld(t)
			got := w.post(path, body)
			allowed := []int{http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge}
			if !slices.Contains(allowed, got.Code) || !json.Valid(got.Body.Bytes()) {
				t.Fatalf("%s: got %d %s", path, got.Code, got.Body)
			}
			if got.Code != http.StatusOK && len(w.decider.asked) != 0 {
				t.Fatalf("%s: refused, and asked", path)
			}
			if len(w.journal.events) < len(w.decider.asked) {
				t.Fatalf("%s: %d questions, %d events", path, len(w.decider.asked), len(w.journal.events))
			}
			for _, r := range w.decider.asked {
				known := r.Subject.Type == "anonymous" && r.Subject.ID == "" && r.Context.Credential.State == pdp.CredentialNone ||
					(r.Subject.Type == "user" || r.Subject.Type == "machine") && r.Subject.ID != "" && r.Context.Credential.State == pdp.CredentialDelegated
				if !known || r.Action.Name == "" || r.Resource.Type == "" {
					t.Fatalf("%s: asked %+v", path, r)
				}
			}
		}
	})
}

package problem_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wardgate/wardgate/internal/problem"
)

func TestWrite(t *testing.T) {
	for _, test := range []struct {
		name string
		d    problem.Document
		want string
	}{
		{"reasons", problem.New(403, "role_forbidden", "care_missing"),
			`{"type":"urn:wardgate:problem:role_forbidden","title":"Forbidden","status":403,"reasons":["role_forbidden","care_missing"]}`},
		{"no reasons", problem.New(500), `{"type":"about:blank","title":"Internal Server Error","status":500,"reasons":[]}`},
		{"decision and fields", func() problem.Document {
			d := problem.New(400, "malformed")
			d.Decision, d.Errors = "d-1", []problem.Field{{Location: "body.email", Message: "required"}}
			return d
		}(), `{"type":"urn:wardgate:problem:malformed","title":"Bad Request","status":400,"decision_id":"d-1","reasons":["malformed"],"errors":[{"location":"body.email","message":"required"}]}`},
		{"markup", problem.New(400, "<script>"),
			`{"type":"urn:wardgate:problem:\u003cscript\u003e","title":"Bad Request","status":400,"reasons":["\u003cscript\u003e"]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			rec.Header().Set("Content-Length", "7") // left by an answer that did not come
			problem.Write(rec, test.d)
			if got := rec.Body.String(); got != test.want+"\n" || rec.Code != test.d.Status {
				t.Errorf("got %d %s, want %s", rec.Code, got, test.want)
			}
			want := http.Header{"Content-Type": {problem.ContentType}, "Cache-Control": {"no-store"}, "X-Content-Type-Options": {"nosniff"}}
			for name := range want {
				if rec.Header().Get(name) != want.Get(name) {
					t.Errorf("%s: got %q, want %q", name, rec.Header().Get(name), want.Get(name))
				}
			}
			if rec.Header().Get("Content-Length") != "" {
				t.Error("the length of another answer was kept")
			}
			var back problem.Document
			if err := json.Unmarshal(rec.Body.Bytes(), &back); err != nil {
				t.Error(err)
			}
		})
	}
}

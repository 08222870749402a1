package inference_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/inference"
	"github.com/wardgate/wardgate/internal/assertion"
)

// ask sends a request for a subject with a budget of rows in ten minutes.
func (w *ward) ask(subject string, budget int, path string, body []byte) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	signed, err := w.key.Sign(assertion.Claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: subject},
		Role:             "nurse", Action: "model.predict", Decision: decision, Method: http.MethodPost, Path: path,
		BodyDigest: assertion.Digest(body), WithholdFragile: true, Budget: &assertion.Budget{Rows: budget, Seconds: 600},
	}, inference.Audience, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set(assertion.Header, signed)
	return w.send(r)
}

// batch is a request about so many rows.
func batch(t *testing.T, rows int) []byte {
	t.Helper()
	var data []float64
	for range rows {
		data = append(data, malignantRow...)
	}
	return []byte(encode(t, map[string]any{"inputs": []any{map[string]any{
		"name": "input", "datatype": "FP64", "shape": []int{rows, len(malignantRow)}, "data": data,
	}}}))
}

func TestABudgetCountsRowsHoweverTheyAreAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t)
		const infer = cancerV2 + "/infer"
		steps := []struct {
			name, subject, path string
			rows, want          int
		}{
			{"a batch", "u-1", infer, 200, 200},
			{"more than is left", "u-1", infer, 101, 429},
			{"nothing was taken by that", "u-1", infer, 99, 200},
			{"a single row", "u-1", cancerPath, 1, 200},
			{"one too many", "u-1", cancerPath, 1, 429},
			{"however it is asked for", "u-1", infer, 1, 429},
			{"somebody else", "u-2", infer, 300, 200},
			{"more than ever fits", "u-3", infer, 301, 429},
		}
		for _, step := range steps {
			body := batch(t, step.rows)
			if step.path == cancerPath {
				body = []byte(aspirate(t))
			}
			got := w.ask(step.subject, 300, step.path, body)
			if got.Code != step.want {
				t.Errorf("%s: got %d %s, want %d", step.name, got.Code, got.Body, step.want)
			}
			if step.want == 429 && (!strings.Contains(got.Body.String(), "prediction_budget_spent") || got.Header().Get("Retry-After") == "") {
				t.Errorf("%s: got %s %v", step.name, got.Body, got.Header())
			}
		}
		time.Sleep(10 * time.Minute)
		if got := w.ask("u-1", 300, infer, batch(t, 300)); got.Code != 200 {
			t.Errorf("ten minutes later: got %d", got.Code)
		}
	})
}

func TestRequestsAtOnceDoNotPassABudgetTogether(t *testing.T) {
	w := newWard(t)
	body := batch(t, 10)
	var passed atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if w.ask("u-1", 300, cancerV2+"/infer", body).Code == http.StatusOK {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	if passed.Load() != 30 {
		t.Errorf("got %d requests of 10 rows, want 30", passed.Load())
	}
}

// Where fragile predictions are withheld, the figures of sound ones do not give
// away the line on which the classes meet.
func TestFiguresBesideAWithheldClassAreCoarse(t *testing.T) {
	w := newWard(t)
	_, m := fragileRow(t)
	seen := map[string]bool{}
	for step := range 200 {
		row := slices.Clone(malignantRow)
		for j := range row {
			row[j] *= 0.3 + 0.7*float64(step)/200
		}
		named := map[string]float64{}
		for i, f := range m.Features() {
			named[f.Name] = row[i]
		}
		got := w.as(true, cancerPath, []byte(encode(t, named)))
		if got["fragile"] == true {
			continue
		}
		for _, name := range []string{"probability", "robustness"} {
			figure, err := json.Marshal(got[name])
			if err != nil || len(figure) > 3 {
				t.Fatalf("%s: got %s, want one decimal", name, figure)
			}
			if name == "probability" {
				seen[string(figure)] = true
			}
		}
		body := []byte(encode(t, map[string]any{"inputs": []any{map[string]any{
			"name": "input", "datatype": "FP64", "shape": []int{1, len(row)}, "data": row,
		}}}))
		for _, o := range w.as(true, cancerV2+"/infer", body)["outputs"].([]any) {
			tensor := o.(map[string]any)
			if name := tensor["name"].(string); name == "probability" || name == "robustness" {
				if one := tensor["data"].([]any)[0]; one != got[name] {
					t.Fatalf("%s: a batch says %v, and the row %v", name, one, got[name])
				}
			}
		}
	}
	if len(seen) < 2 {
		t.Errorf("got the figures %v", seen)
	}
}

package inference_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/inference"
	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/assertion"
)

// fragileRow is a row of the breast cancer model between a malignant one and
// a benign one, where a small change would turn the answer.
func fragileRow(t *testing.T) ([]float64, *model.Model) {
	t.Helper()
	models, err := model.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(models, func(m *model.Model) bool { return m.Name() == model.BreastCancer })
	m := models[i]
	low, high := 0.05, 1.0 // how much of the malignant row
	row := make([]float64, len(malignantRow))
	for range 60 {
		middle := (low + high) / 2
		for j := range row {
			row[j] = malignantRow[j] * (0.4 + 0.6*middle)
		}
		p, err := m.Predict(row)
		if err != nil {
			t.Fatal(err)
		}
		if p.Fragile && math.Abs(p.Probability-0.5) < 0.49 {
			return row, m
		}
		if p.Label == "malignant" {
			high = middle
		} else {
			low = middle
		}
	}
	t.Fatal("no fragile row was found")
	return nil, nil
}

// as sends a request whose assertion withholds what is fragile, or does not.
func (w *ward) as(withhold bool, path string, body []byte) map[string]any {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	signed, err := w.key.Sign(assertion.Claims{
		Role: "nurse", Action: "model.predict", Decision: decision, Method: http.MethodPost, Path: path,
		BodyDigest: assertion.Digest(body), WithholdFragile: withhold,
	}, inference.Audience, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set(assertion.Header, signed)
	rec := w.send(r)
	if rec.Code != http.StatusOK {
		w.t.Fatalf("got %d %s", rec.Code, rec.Body)
	}
	var got map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		w.t.Fatal(err)
	}
	return got
}

func TestAFragilePredictionIsWithheldAndNamed(t *testing.T) {
	w := newWard(t)
	row, m := fragileRow(t)
	named := map[string]float64{}
	for i, f := range m.Features() {
		named[f.Name] = row[i]
	}
	body := []byte(encode(t, named))
	shown := w.as(false, cancerPath, body)
	if shown["prediction"] == nil || shown["probability"] == nil || shown["withheld"] != nil || shown["fragile"] != true {
		t.Errorf("got %v, want all of it", shown)
	}
	got := w.as(true, cancerPath, body)
	_, prediction := got["prediction"]
	_, probability := got["probability"]
	if prediction || probability || encode(t, got["withheld"]) != `["prediction","probability"]` || got["fragile"] != true {
		t.Errorf("got %v, want neither prediction nor probability, both named", got)
	}
}

func TestASoundPredictionIsNotWithheld(t *testing.T) {
	w := newWard(t)
	if got := w.as(true, cancerPath, []byte(aspirate(t))); got["prediction"] != "malignant" || got["withheld"] != nil {
		t.Errorf("got %v, want the prediction", got)
	}
}

// TestOneFragileRowWithholdsTheTensors: a tensor has no holes.
func TestOneFragileRowWithholdsTheTensors(t *testing.T) {
	w := newWard(t)
	row, _ := fragileRow(t)
	body := []byte(encode(t, map[string]any{"inputs": []any{map[string]any{
		"name": "input", "datatype": "FP64", "shape": []int{2, 30}, "data": append(slices.Clone(malignantRow), row...),
	}}}))
	for _, withhold := range []bool{false, true} {
		got := w.as(withhold, cancerV2+"/infer", body)
		names := map[string]bool{}
		for _, o := range got["outputs"].([]any) {
			names[o.(map[string]any)["name"].(string)] = true
		}
		said, _ := got["parameters"].(map[string]any)["withheld"].(string)
		if names["prediction"] == withhold || names["probability"] == withhold || !names["fragile"] || (said != "") != withhold {
			t.Errorf("withhold %t: got outputs %v and withheld %q", withhold, names, said)
		}
	}
}

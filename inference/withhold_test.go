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
	_, robustness := got["robustness"]
	if prediction || probability || robustness || encode(t, got["withheld"]) != `["prediction","probability","robustness"]` || got["fragile"] != true {
		t.Errorf("got %v, want neither prediction nor what tells it, and all of it named", got)
	}
}

func TestASoundPredictionIsNotWithheld(t *testing.T) {
	w := newWard(t)
	if got := w.as(true, cancerPath, []byte(aspirate(t))); got["prediction"] != "malignant" || got["withheld"] != nil {
		t.Errorf("got %v, want the prediction", got)
	}
}

// A fragile row of a batch is withheld, and the rows beside it are not. Tensors
// of numbers have no holes and go whole; no tensor loses rows.
func TestAFragileRowOfABatchIsWithheldByItself(t *testing.T) {
	w := newWard(t)
	row, _ := fragileRow(t)
	body := []byte(encode(t, map[string]any{"inputs": []any{map[string]any{
		"name": "input", "datatype": "FP64", "shape": []int{2, 30}, "data": append(slices.Clone(malignantRow), row...),
	}}}))
	for _, withhold := range []bool{false, true} {
		got := w.as(withhold, cancerV2+"/infer", body)
		tensors := map[string]map[string]any{}
		for _, o := range got["outputs"].([]any) {
			tensors[o.(map[string]any)["name"].(string)] = o.(map[string]any)
		}
		classes := tensors["prediction"]["data"].([]any)
		if len(classes) != 2 || classes[0] != "malignant" || (classes[1] == "withheld") != withhold {
			t.Errorf("withhold %t: got classes %v", withhold, classes)
		}
		for _, name := range []string{"probability", "robustness"} {
			if (tensors[name] == nil) != withhold {
				t.Errorf("withhold %t: got %s %v", withhold, name, tensors[name])
			}
		}
		said, _ := got["parameters"].(map[string]any)["withheld"].(string)
		if want := "prediction,probability,robustness"; withhold && said != want || !withhold && said != "" {
			t.Errorf("withhold %t: got withheld %q", withhold, said)
		}
		if tensors["fragile"] == nil {
			t.Error("that it is fragile is not told")
		}
	}
}

// A withheld class cannot be told from the other members: rows that lie close to the boundary on its two sides have one answer.
func TestNothingBesideAWithheldClassTellsIt(t *testing.T) {
	w := newWard(t)
	_, m := fragileRow(t)
	scaled := func(by float64) []float64 {
		row := slices.Clone(malignantRow)
		for j := range row {
			row[j] *= by
		}
		return row
	}
	low, high := 0.4, 1.0 // the boundary lies between them
	for range 50 {
		middle := (low + high) / 2
		if p, err := m.Predict(scaled(middle)); err != nil {
			t.Fatal(err)
		} else if p.Label == "malignant" {
			high = middle
		} else {
			low = middle
		}
	}
	answers := map[string]map[string]bool{} // by true class
	for step := -20; step <= 20; step++ {
		near := scaled(low * (1 + float64(step)*0.0002))
		p, err := m.Predict(near)
		if err != nil {
			t.Fatal(err)
		}
		if !p.Fragile {
			continue
		}
		named := map[string]float64{}
		for i, f := range m.Features() {
			named[f.Name] = near[i]
		}
		if answers[p.Label] == nil {
			answers[p.Label] = map[string]bool{}
		}
		answers[p.Label][encode(t, w.as(true, cancerPath, []byte(encode(t, named))))] = true
	}
	if len(answers) != 2 {
		t.Fatalf("got fragile rows of %d classes, want both", len(answers))
	}
	for label, seen := range answers {
		if len(seen) != 1 {
			t.Errorf("%s: got %d different answers, want one", label, len(seen))
		}
		for one := range seen {
			for other, theirs := range answers {
				if other != label && !theirs[one] {
					t.Errorf("%s and %s are told apart", label, other)
				}
			}
		}
	}
}

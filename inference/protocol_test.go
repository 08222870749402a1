package inference_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/inference"
)

var patientRow = []float64{63, 1, 1, 233, 1, 2, 150, 0, 2.3, 3, 0, 6}

type tensor struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"`
	Data     any    `json:"data,omitempty"`
}

type inferRequest struct {
	ID      string   `json:"id,omitempty"`
	Inputs  []tensor `json:"inputs"`
	Outputs []struct {
		Name string `json:"name"`
	} `json:"outputs,omitempty"`
}

type inferResponse struct {
	ModelName    string            `json:"model_name"`
	ModelVersion string            `json:"model_version"`
	ID           string            `json:"id"`
	Parameters   map[string]string `json:"parameters"`
	Outputs      []tensor          `json:"outputs"`
}

func input(rows int, data any) tensor {
	return tensor{Name: "input", Datatype: "FP64", Shape: []int{rows, len(patientRow)}, Data: data}
}

func TestMetadata(t *testing.T) {
	w := newWard(t)
	var got struct {
		Name       string
		Versions   []string
		Platform   string
		Inputs     []tensor
		Outputs    []tensor
		Parameters struct{ Features []string }
	}
	w.get("GET", cancerV2, "", &got)
	if got.Name != "breast-cancer" || len(got.Versions) != 1 || got.Platform == "" {
		t.Errorf("got %+v", got)
	}
	if len(got.Inputs) != 1 || got.Inputs[0].Name != "input" || got.Inputs[0].Datatype != "FP64" ||
		!slices.Equal(got.Inputs[0].Shape, []int{-1, 30}) {
		t.Errorf("got inputs %+v", got.Inputs)
	}
	if f := got.Parameters.Features; len(f) != 30 || f[0] != "mean_radius" || f[29] != "worst_fractal_dimension" {
		t.Errorf("got features %v", f)
	}
	if len(got.Outputs) != 6 || got.Outputs[0].Name != "prediction" || got.Outputs[0].Datatype != "BYTES" {
		t.Errorf("got outputs %+v", got.Outputs)
	}
}

// Flat and nested data mean the same, and both what the named route answers.
func TestInfer(t *testing.T) {
	w := newWard(t)
	var named prediction
	w.get("POST", pressurePath, patient, &named)
	for name, data := range map[string]any{
		"flat":   slices.Concat(patientRow, patientRow),
		"nested": [][]float64{patientRow, patientRow},
	} {
		t.Run(name, func(t *testing.T) {
			var got inferResponse
			w.get("POST", pressureV2+"/infer", encode(t, inferRequest{ID: "a-1", Inputs: []tensor{input(2, data)}}), &got)
			if got.ModelName != "blood-pressure" || got.ID != "a-1" || got.Parameters["sha256"] != named.Model.SHA256 {
				t.Errorf("got %+v", got)
			}
			want := []any{named.Prediction, named.Prediction}
			if values, ok := got.Outputs[0].Data.([]any); !ok || !slices.Equal(values, want) {
				t.Errorf("got %v, want %v", got.Outputs[0].Data, want)
			}
			if !slices.Equal(got.Outputs[0].Shape, []int{2}) || !slices.Equal(got.Outputs[1].Shape, []int{2, 2}) {
				t.Errorf("got shapes %v and %v", got.Outputs[0].Shape, got.Outputs[1].Shape)
			}
		})
	}
}

func TestInferBreastCancer(t *testing.T) {
	w := newWard(t)
	var got inferResponse
	w.get("POST", cancerV2+"/infer", encode(t, inferRequest{Inputs: []tensor{
		{Name: "input", Datatype: "FP64", Shape: []int{1, 30}, Data: malignantRow},
	}}), &got)
	if got.Outputs[0].Name != "prediction" || got.Outputs[0].Data.([]any)[0] != "malignant" {
		t.Errorf("got %+v", got.Outputs[0])
	}
	if p := got.Outputs[1]; p.Name != "probability" || !(p.Data.([]any)[0].(float64) > 0.99) {
		t.Errorf("got %+v", p)
	}
}

func TestInferAnswersTheOutputsAskedFor(t *testing.T) {
	w := newWard(t)
	body := strings.Replace(encode(t, inferRequest{Inputs: []tensor{input(1, patientRow)}}),
		"{", `{"outputs":[{"name":"fragile"},{"name":"interval","parameters":{"binary_data":false}}],"parameters":{},`, 1)
	var got inferResponse
	w.get("POST", pressureV2+"/infer", body, &got)
	if len(got.Outputs) != 2 || got.Outputs[0].Name != "interval" || got.Outputs[1].Name != "fragile" {
		t.Errorf("got %+v", got.Outputs)
	}
}

func TestInferTakesAThousandRows(t *testing.T) {
	w := newWard(t)
	data := slices.Repeat(patientRow, inference.MaxRows)
	var got inferResponse
	w.get("POST", pressureV2+"/infer", encode(t, inferRequest{Inputs: []tensor{input(inference.MaxRows, data)}}), &got)
	if n := len(got.Outputs[0].Data.([]any)); n != inference.MaxRows {
		t.Errorf("got %d predictions, want %d", n, inference.MaxRows)
	}
}

func TestInferRefuses(t *testing.T) {
	shared := newWard(t)
	const (
		in    = "body.inputs[0]"
		start = `{"inputs":[{"name":"input","datatype":"FP64","shape":[1,12],"data":`
	)
	row := encode(t, patientRow)
	good := start + row + `}]}`
	with := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the request has no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	tests := []struct{ name, body, location string }{
		{"not an object", `[]`, "body"},
		{"no inputs", `{}`, "body.inputs"},
		{"inputs null", `{"inputs":null}`, "body.inputs"},
		{"two tensors", `{"inputs":[{},{}]}`, "body.inputs"},
		{"tensor null", `{"inputs":[null]}`, in},
		{"other name", with(`"input"`, `"x"`), in + ".name"},
		{"other datatype", with(`FP64`, `FP32`), in + ".datatype"},
		{"shape missing", with(`"shape":[1,12],`, ``), in + ".shape"},
		{"shape flat", with(`[1,12]`, `[12]`), in + ".shape"},
		{"shape turned", with(`[1,12]`, `[12,1]`), in + ".shape"},
		{"no rows", with(`[1,12]`, `[0,12]`), in + ".shape"},
		{"negative rows", with(`[1,12]`, `[-1,12]`), in + ".shape"},
		{"too many rows", with(`[1,12]`, `[1001,12]`), in + ".shape"},
		{"immense shape", with(`[1,12]`, `[9223372036854775807,12]`), in + ".shape"},
		{"shape beyond integers", with(`[1,12]`, `[1e400,12]`), in + ".shape"},
		{"shape of halves", with(`[1,12]`, `[1.5,12]`), in + ".shape"},
		{"fewer numbers than rows", with(`[1,12]`, `[2,12]`), in + ".data"},
		{"data missing", with(`,"data":`+row, ``), in + ".data"},
		{"data null", with(row, `null`), in + ".data"},
		{"data a number", with(row, `5`), in + ".data"},
		{"data empty", with(row, `[]`), in + ".data"},
		{"row too short", with(row, `[[63,1]]`), in + ".data"},
		{"nested too deep", with(row, `[[`+row+`]]`), in + ".data"},
		{"row within flat data", with(`63,1`, `63,[1]`), in + ".data[0].sex"},
		{"number too large", with(`63`, `1e400`), in + ".data[0].age"},
		{"null in data", with(`63`, `null`), in + ".data[0].age"},
		{"text in data", with(`63`, `"63"`), in + ".data[0].age"},
		{"impossible", with(`63`, `900`), in + ".data[0].age"},
		{"NaN", with(`63`, `NaN`), "body.inputs"},
		{"unknown member", with(`{"inputs"`, `{"extra":1,"inputs"`), "body.extra"},
		{"unknown member of the tensor", with(`"shape"`, `"extra":1,"shape"`), in + ".extra"},
		{"repeated member", with(`{"inputs"`, `{"id":"a","id":"b","inputs"`), "body.id"},
		{"id not a text", with(`{"inputs"`, `{"id":1,"inputs"`), "body.id"},
		{"id too long", with(`{"inputs"`, `{"id":"`+strings.Repeat("x", 129)+`","inputs"`), "body.id"},
		{"unknown output", with(`{"inputs"`, `{"outputs":[{"name":"x"}],"inputs"`), "body.outputs[0].name"},
		{"outputs not a list", with(`{"inputs"`, `{"outputs":{},"inputs"`), "body.outputs"},
		{"trailing data", good + `1`, "body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := shared.in(t)
			d := w.refused(w.request("POST", pressureV2+"/infer", tt.body), http.StatusBadRequest)
			if len(d.Errors) == 0 || d.Errors[0].Location != tt.location || d.Decision != decision {
				t.Errorf("got %+v, want a fault at %s", d, tt.location)
			}
		})
	}
}

func TestFaultsAreBounded(t *testing.T) {
	w := newWard(t)
	bad := slices.Repeat([]float64{-1}, inference.MaxRows*len(patientRow))
	d := w.refused(w.request("POST", pressureV2+"/infer",
		encode(t, inferRequest{Inputs: []tensor{input(inference.MaxRows, bad)}})), http.StatusBadRequest)
	if len(d.Errors) != 50 {
		t.Errorf("got %d faults, want 50", len(d.Errors))
	}
}

// A client of the protocol reads the member "error".
func TestProtocolErrorsCarryAText(t *testing.T) {
	w := newWard(t)
	rec := w.send(w.request("POST", pressureV2+"/infer", `{}`))
	var got struct{ Error string }
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || !strings.Contains(got.Error, "body.inputs") {
		t.Errorf("got %q, %v", got.Error, err)
	}
}

// Whatever the body, the answer is a finite prediction or a refusal.
func FuzzPredict(f *testing.F) {
	w := newWard(f)
	f.Add(true, []byte(patient))
	f.Add(true, []byte(`{"age":1e400,"sex":null}`))
	f.Add(false, []byte(encode(f, inferRequest{ID: "x", Inputs: []tensor{input(1, patientRow)}})))
	f.Add(false, []byte(fmt.Sprintf(`{"inputs":[{"name":"input","shape":[%d,12],"data":[[]]}]}`, math.MaxInt64)))
	f.Fuzz(func(t *testing.T, named bool, body []byte) {
		path := pressurePath
		if !named {
			path = pressureV2 + "/infer"
		}
		here := w.in(t)
		rec := here.send(here.request("POST", path, string(body)))
		switch rec.Code {
		case http.StatusOK:
			if !json.Valid(body) || !json.Valid(rec.Body.Bytes()) {
				t.Errorf("a prediction from a body that is not JSON, or not in JSON")
			}
		case http.StatusBadRequest:
		default:
			t.Errorf("got %d: %s", rec.Code, rec.Body)
		}
	})
}

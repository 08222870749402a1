package inference

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/strictjson"
)

// maxID bounds the id that is repeated to the caller.
const maxID = 128

// inference is a decoded Open Inference Protocol request.
type inference struct {
	id      string
	rows    [][]float64
	outputs []string // the tensors asked for; none asks for all
}

// parseInference reads an inference request. Parameters are the protocol's
// room for extensions: there are none here, and they are passed over.
func parseInference(raw []byte, m *model.Model) (inference, error) {
	given, found := members(raw, "body")
	if found != nil {
		return inference{}, found
	}
	refuseOthers(&found, given, "body", "id", "parameters", "inputs", "outputs")
	var out inference
	if value, ok := given["id"]; ok {
		if out.id, ok = text(value); !ok || utf8.RuneCountInString(out.id) > maxID {
			found.add("body.id", fmt.Sprintf("expected a text of at most %d characters", maxID))
		}
	}
	out.outputs = askedOutputs(&found, given["outputs"], m)
	inputs, ok := list(given["inputs"])
	if !ok || len(inputs) != 1 {
		found.add("body.inputs", "expected a list of one tensor")
		return inference{}, found
	}
	out.rows = rows(&found, inputs[0], m.Features())
	if err := found.err(); err != nil {
		return inference{}, err
	}
	return out, nil
}

// rows reads the input tensor, its data flat or nested.
func rows(found *faults, raw json.RawMessage, features []model.Feature) [][]float64 {
	const location = "body.inputs[0]"
	given, broken := members(raw, location)
	if broken != nil {
		*found = append(*found, broken...)
		return nil
	}
	refuseOthers(found, given, location, "name", "datatype", "shape", "parameters", "data")
	if name, _ := text(given["name"]); name != inputName {
		found.add(location+".name", "expected "+inputName)
	}
	if datatype, _ := text(given["datatype"]); datatype != typeNumber {
		found.add(location+".datatype", "expected "+typeNumber)
	}
	n, ok := rowCount(given["shape"], len(features))
	if !ok {
		found.add(location+".shape", fmt.Sprintf("expected [n, %d] with n from 1 to %d", len(features), MaxRows))
		return nil
	}
	cells, ok := cells(given["data"], n, len(features))
	if !ok {
		found.add(location+".data", "expected as many numbers as the shape says, flat or in rows")
		return nil
	}
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, len(features))
		for j, f := range features {
			v, ok := number(cells[i*len(features)+j])
			if !ok || !f.Accepts(v) {
				found.add(fmt.Sprintf("%s.data[%d].%s", location, i, f.Name), f.Expected())
			}
			out[i][j] = v
		}
	}
	return out
}

func rowCount(raw json.RawMessage, features int) (int, bool) {
	var shape []int
	if len(raw) == 0 || strictjson.Decode(raw, &shape) != nil || len(shape) != 2 {
		return 0, false
	}
	return shape[0], shape[0] >= 1 && shape[0] <= MaxRows && shape[1] == features
}

// cells flattens the data. A list of the length of a flat one whose cells are
// lists is found out when they are read as numbers.
func cells(raw json.RawMessage, n, width int) ([]json.RawMessage, bool) {
	outer, ok := list(raw)
	if !ok {
		return nil, false
	}
	if len(outer) > 0 && outer[0][0] != '[' {
		return outer, len(outer) == n*width
	}
	if len(outer) != n {
		return nil, false
	}
	flat := make([]json.RawMessage, 0, n*width)
	for _, row := range outer {
		inner, ok := list(row)
		if !ok || len(inner) != width {
			return nil, false
		}
		flat = append(flat, inner...)
	}
	return flat, true
}

func askedOutputs(found *faults, raw json.RawMessage, m *model.Model) []string {
	if len(raw) == 0 {
		return nil
	}
	var known []string
	for _, o := range outputs(m, nil) {
		known = append(known, o.Name)
	}
	asked, ok := list(raw)
	if !ok {
		found.add("body.outputs", "expected a list of tensors")
		return nil
	}
	var out []string
	for i, one := range asked {
		location := fmt.Sprintf("body.outputs[%d]", i)
		given, broken := members(one, location)
		if broken != nil {
			*found = append(*found, broken...)
			return nil
		}
		refuseOthers(found, given, location, "name", "parameters")
		name, _ := text(given["name"])
		if !slices.Contains(known, name) {
			found.add(location+".name", "expected one of "+strings.Join(known, ", "))
		}
		out = append(out, name)
	}
	return out
}

func refuseOthers(found *faults, given map[string]json.RawMessage, location string, known ...string) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			found.add(at(location, name), "is not a member of the protocol's request")
		}
	}
}

func text(raw json.RawMessage) (string, bool) {
	var out string
	if len(raw) == 0 || raw[0] != '"' || strictjson.Decode(raw, &out) != nil {
		return "", false
	}
	return out, true
}

func list(raw json.RawMessage) ([]json.RawMessage, bool) {
	var out []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || strictjson.Decode(raw, &out) != nil {
		return nil, false
	}
	return out, true
}

func warningLines(p model.Prediction) string { return strings.Join(p.Warnings, "\n") }

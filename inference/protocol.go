package inference

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/inference/model"
)

// The routes and names of the Open Inference Protocol, version 2.
const (
	protocolPrefix = "/v2/models/"
	platform       = "wardgate_linear"
	inputName      = "input"
	typeNumber     = "FP64"
	typeText       = "BYTES"
	typeFlag       = "BOOL"
)

// tensor describes a tensor in a model's metadata; a length of -1 is free.
type tensor struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"`
}

// output is a tensor with its numbers, row after row.
type output struct {
	tensor
	Data any `json:"data"`
}

type metadata struct {
	Name       string         `json:"name"`
	Versions   []string       `json:"versions"`
	Platform   string         `json:"platform"`
	Inputs     []tensor       `json:"inputs"`
	Outputs    []tensor       `json:"outputs"`
	Parameters map[string]any `json:"parameters"`
}

type inferred struct {
	ModelName    string            `json:"model_name"`
	ModelVersion string            `json:"model_version"`
	ID           string            `json:"id,omitempty"`
	Parameters   map[string]string `json:"parameters"`
	Outputs      []output          `json:"outputs"`
}

// metadata tells the order of the features beside what the protocol asks for.
func (s *Service) metadata(c *gin.Context) {
	m, err := s.model(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	features := m.Features()
	names := make([]string, len(features))
	for i, f := range features {
		names[i] = f.Name
	}
	out := metadata{
		Name: m.Name(), Versions: []string{m.Version()}, Platform: platform,
		Inputs:     []tensor{{inputName, typeNumber, []int{-1, len(features)}}},
		Parameters: map[string]any{"features": names, "sha256": m.SHA256(), "max_rows": MaxRows},
	}
	for _, o := range outputs(m, nil) {
		o.Shape[0] = -1
		out.Outputs = append(out.Outputs, o.tensor)
	}
	send(c, out)
}

func (s *Service) infer(c *gin.Context) {
	out, err := s.inferRows(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	send(c, out)
}

func (s *Service) inferRows(c *gin.Context) (inferred, error) {
	m, err := s.model(c)
	if err != nil {
		return inferred{}, err
	}
	raw, err := body(c)
	if err != nil {
		return inferred{}, err
	}
	asked, err := parseInference(raw, m)
	if err != nil {
		return inferred{}, err
	}
	if err := s.charge(c, m, len(asked.rows)); err != nil {
		return inferred{}, err
	}
	predictions := make([]model.Prediction, len(asked.rows))
	for i, row := range asked.rows {
		if predictions[i], err = m.Predict(row); err != nil {
			return inferred{}, err
		}
	}
	withholds := withholdsFragile(c)
	if withholds && m.Classifies() {
		blur(predictions)
	}
	all := outputs(m, predictions)
	parameters := map[string]string{"sha256": m.SHA256()}
	if withholds && slices.ContainsFunc(predictions, func(p model.Prediction) bool { return p.Fragile }) {
		var withheld []string
		all, withheld = withholdRows(all, predictions)
		parameters["withheld"] = strings.Join(withheld, ",")
	}
	if len(asked.outputs) > 0 {
		all = slices.DeleteFunc(all, func(o output) bool { return !slices.Contains(asked.outputs, o.Name) })
	}
	return inferred{
		ModelName: m.Name(), ModelVersion: m.Version(), ID: asked.id,
		Parameters: parameters, Outputs: all,
	}, nil
}

// outputs are the tensors of an answer: what a JSON answer holds, by the same
// names. A row's warnings follow one another on lines of one text.
func outputs(m *model.Model, rows []model.Prediction) []output {
	n := len(rows)
	first := []output{
		column("prediction", typeText, rows, func(p model.Prediction) string { return p.Label }),
		column("probability", typeNumber, rows, func(p model.Prediction) float64 { return p.Probability }),
	}
	if !m.Classifies() {
		ends := make([]float64, 0, 2*n)
		for _, p := range rows {
			ends = append(ends, p.Interval[0], p.Interval[1])
		}
		first = []output{
			column("prediction", typeNumber, rows, func(p model.Prediction) float64 { return p.Value }),
			{tensor{"interval", typeNumber, []int{n, 2}}, ends},
		}
	}
	return append(first,
		column("robustness", typeNumber, rows, func(p model.Prediction) float64 { return p.Robustness }),
		column("fragile", typeFlag, rows, func(p model.Prediction) bool { return p.Fragile }),
		column("out_of_distribution", typeFlag, rows, func(p model.Prediction) bool { return p.OutOfDistribution }),
		column("warnings", typeText, rows, warningLines),
	)
}

func column[T any](name, datatype string, rows []model.Prediction, of func(model.Prediction) T) output {
	data := make([]T, len(rows))
	for i, p := range rows {
		data[i] = of(p)
	}
	return output{tensor{name, datatype, []int{len(rows)}}, data}
}

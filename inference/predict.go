package inference

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/inference/model"
)

// answer is one prediction as JSON. A class comes with a probability, a number
// with a unit and an interval.
type answer struct {
	Prediction        any         `json:"prediction,omitempty"`
	Unit              string      `json:"unit,omitempty"`
	Probability       *float64    `json:"probability,omitempty"`
	Interval          *[2]float64 `json:"interval,omitempty"`
	Robustness        *float64    `json:"robustness,omitempty"`
	Fragile           bool        `json:"fragile"`
	OutOfDistribution bool        `json:"out_of_distribution"`
	Model             identity    `json:"model"`
	Warnings          []string    `json:"warnings"`
	Withheld          []string    `json:"withheld,omitempty"` // members that are not here, by the policy
}

// identity says exactly which model answered.
type identity struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

func newAnswer(m *model.Model, p model.Prediction) answer {
	a := answer{
		Prediction: p.Value, Unit: m.Unit(), Interval: p.Interval,
		Robustness: &p.Robustness, Fragile: p.Fragile, OutOfDistribution: p.OutOfDistribution,
		Model:    identity{Name: m.Name(), Version: m.Version(), SHA256: m.SHA256()},
		Warnings: p.Warnings,
	}
	if m.Classifies() {
		a.Prediction, a.Probability = p.Label, &p.Probability
	}
	return a
}

func (s *Service) predict(c *gin.Context) {
	a, err := s.predictNamed(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	send(c, a)
}

func (s *Service) predictNamed(c *gin.Context) (answer, error) {
	m, err := s.model(c)
	if err != nil {
		return answer{}, err
	}
	raw, err := body(c)
	if err != nil {
		return answer{}, err
	}
	row, err := named(raw, m.Features())
	if err != nil {
		return answer{}, err
	}
	if err := s.charge(c, m, 1); err != nil {
		return answer{}, err
	}
	p, err := m.Predict(row)
	if err != nil {
		return answer{}, err
	}
	withholds := withholdsFragile(c)
	if withholds && m.Classifies() {
		p.Probability, p.Robustness = coarse(p.Probability), coarse(p.Robustness)
	}
	a := newAnswer(m, p)
	if withholds && p.Fragile {
		a.withhold()
	}
	return a, nil
}

// send writes an answer. Predictions are about patients and never cached.
func send(c *gin.Context, v any) {
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
	c.JSON(http.StatusOK, v)
}

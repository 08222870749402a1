package inference

import (
	"math"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/assertion"
)

// telling are the members and tensors from which a prediction can be told. A
// fragile one is withheld whole: a probability of 0.51 says what it is, and a
// robustness that falls while a feature rises says on which side it lies.
var telling = []string{"prediction", "probability", "interval", "robustness"}

// withheldClass stands in a tensor for the class of a fragile row.
const withheldClass = "withheld"

// coarse is how exactly the figures of a sound class are told where fragile ones
// are withheld. A linear model's exact figures of two sound rows give the class of
// every row on the line through them; one decimal makes that as dear as to look for
// the two ends of the fragile rows by their classes.
func coarse(x float64) float64 { return math.Round(x*10) / 10 }

// blur tells the figures of sound classes coarsely.
func blur(rows []model.Prediction) {
	for i := range rows {
		rows[i].Probability, rows[i].Robustness = coarse(rows[i].Probability), coarse(rows[i].Robustness)
	}
}

// withholdsFragile reports whether the decision about this request withholds
// fragile predictions. Without an assertion everything is withheld.
func withholdsFragile(c *gin.Context) bool {
	claims := assertion.From(c.Request.Context())
	return claims == nil || claims.WithholdFragile
}

// withhold takes the prediction out and names what is gone: it is never shown
// as empty.
func (a *answer) withhold() {
	a.Withheld = []string{"prediction"}
	if a.Probability != nil {
		a.Withheld = append(a.Withheld, "probability")
	}
	if a.Interval != nil {
		a.Withheld = append(a.Withheld, "interval")
	}
	a.Withheld = append(a.Withheld, "robustness")
	a.Prediction, a.Probability, a.Interval, a.Robustness = nil, nil, nil, nil
}

// withholdRows takes fragile rows out of the tensors of an answer. Texts are
// withheld row by row. A tensor of numbers has no sign for what is missing, and
// with fewer rows it would be read against the wrong patients: it goes whole.
func withholdRows(all []output, rows []model.Prediction) (left []output, withheld []string) {
	for _, o := range all {
		texts, isText := o.Data.([]string)
		switch {
		case !slices.Contains(telling, o.Name):
			left = append(left, o)
		case !isText:
			withheld = append(withheld, o.Name)
		default:
			some := false
			for i := range texts {
				if rows[i].Fragile {
					texts[i], some = withheldClass, true
				}
			}
			if left = append(left, o); some {
				withheld = append(withheld, o.Name)
			}
		}
	}
	return left, withheld
}

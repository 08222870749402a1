package inference

import (
	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
)

// telling are the members and tensors from which a prediction can be told. A
// fragile one is withheld whole: a probability of 0.51 says what it is.
var telling = []string{"prediction", "probability", "interval"}

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
	a.Prediction, a.Probability, a.Interval = nil, nil, nil
}

//go:build integration

package prove

import (
	"math"
	"testing"
)

func TestDiagramsOfAllEditedBooksDifferWhereTheirAnswersDo(t *testing.T) { booksDiffer(t, math.MaxInt) }

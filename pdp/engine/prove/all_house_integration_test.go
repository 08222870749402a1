//go:build integration

package prove_test

import (
	"math"
	"testing"

	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp/engine/prove"
)

// Each of them is a case of its own: of 200 words two once came into force unseen.
func TestAllWordsInManyAreNoticed(t *testing.T) {
	prove.OneWordInManyIsNoticed(t, process.CheckTables, prove.AllMutants)
}

func TestAllEditsThatOpenedTheHospitalAreRefused(t *testing.T) {
	prove.EditsAreRefused(t, process.CheckTables, math.MaxInt)
}

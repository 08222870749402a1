package prove_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/longrun"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp/engine/prove"
)

func TestOneWordInManyIsNoticed(t *testing.T) {
	prove.OneWordInManyIsNoticed(t, process.CheckTables, longrun.Times(16, prove.AllMutants))
}

func TestEditsThatOpenedTheHospitalAreRefused(t *testing.T) {
	prove.EditsAreRefused(t, process.CheckTables, 8)
}

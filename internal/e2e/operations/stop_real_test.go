//go:build integration

package operations_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/longrun"
)

func TestStoppedManyTimesUnderLoad(t *testing.T) { stopCycles(t, longrun.Times(15, 100)) }

func TestKilledManyTimesUnderLoad(t *testing.T) { killCycles(t, longrun.Times(15, 100)) }

//go:build integration

package operations_test

import "testing"

func TestAHundredStopsUnderLoad(t *testing.T) { stopCycles(t, 100) }

func TestKilledAHundredTimesUnderLoad(t *testing.T) { killCycles(t, 100) }

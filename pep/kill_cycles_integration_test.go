//go:build integration

package pep_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/longrun"
)

func TestKilledOftenUnderLoad(t *testing.T) { killUnderLoad(t, longrun.Times(60, 300)) }

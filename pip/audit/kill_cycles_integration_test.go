//go:build integration

package audit_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/longrun"
)

func TestKilledOften(t *testing.T) { killed(t, longrun.Times(60, 240)) }

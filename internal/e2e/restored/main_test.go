package restored_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

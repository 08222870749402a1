package audit_test

import "testing"

func TestKill(t *testing.T) { killed(t, 30) }

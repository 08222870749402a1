package pep_test

import "testing"

func TestKillUnderLoad(t *testing.T) { killUnderLoad(t, 8) }

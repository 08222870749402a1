//go:build integration

package audit_test

// killCycles is how often the journal's writer is killed.
const killCycles = 240

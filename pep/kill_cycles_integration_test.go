//go:build integration

package pep_test

// killCycles is how often the enforcement point is killed.
const killCycles = 300

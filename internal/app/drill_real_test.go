//go:build integration

package app_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/realserver"
)

// The same drill as with the embedded Redis.
func TestNeitherTheRealRedisNorTheAuthorityAnswers(t *testing.T) {
	newFarHouse(t, realserver.Redis(t).Address, "").goesBlindAndComesBack(t)
}

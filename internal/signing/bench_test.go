package signing_test

import (
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/signing"
)

// BenchmarkSign is what a statement costs beyond a MAC.
func BenchmarkSign(b *testing.B) {
	k, err := signing.Open(b.TempDir(), signing.Config{Lead: lead, Outlive: cached})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Sign(jwt.RegisteredClaims{Subject: "u-1"}, "JWT"); err != nil {
			b.Fatal(err)
		}
	}
}

package rig

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Port is an address for a listener that begins later. It is none that a system gives to
// those that ask for any port, who would get one that was given back.
func Port(t testing.TB) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

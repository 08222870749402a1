//go:build unix

package http1_test

import (
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// delivered waits until the other side's system has all that was written to a connection.
// That a write returns says less: a busy machine delivers later.
func delivered(t *testing.T, c net.Conn) {
	raw, err := c.(syscall.Conn).SyscallConn()
	for left := 1; err == nil && left > 0; time.Sleep(time.Millisecond) {
		if fault := raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) }); fault != nil {
			err = fault
		}
	}
	if err != nil {
		t.Errorf("what was written is not delivered: %v", err)
	}
}

//go:build !linux

package realserver

import "syscall"

// dieWithMe cannot keep its promise elsewhere: a killed test binary leaves its
// servers behind.
func dieWithMe(syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

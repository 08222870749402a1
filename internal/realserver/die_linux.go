package realserver

import "syscall"

// dieWithMe has the kernel send the signal when the starting thread ends.
func dieWithMe(last syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: last, Setpgid: true}
}

// Command wardgate runs any role of Wardgate and its operators' tools.
package main

import (
	"os"

	"github.com/wardgate/wardgate/internal/command"
)

func main() { os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr, os.Environ())) }

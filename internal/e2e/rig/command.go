package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/command"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
)

// Main runs a package's tests. The test binary is also a whole Wardgate that is
// killed, and the program itself: see ChildVariable and CommandVariable.
func Main(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	if told := os.Getenv(ChildVariable); told != "" {
		fmt.Fprintln(os.Stderr, runChild(told))
		os.Exit(1)
	}
	if told := os.Getenv(CommandVariable); told != "" {
		os.Exit(runCommand(told))
	}
	os.Exit(max(m.Run(), tellRepeats()))
}

// Command runs one command line and returns its exit code and what it said.
func Command(args ...string) (int, string) {
	var out bytes.Buffer
	code := command.Run(args, &out, &out, nil)
	return code, out.String()
}

// At is one application of the hospital's, at an address.
func At(name, address string) []config.Application {
	return []config.Application{{Name: name, Upstreams: []string{address}}}
}

// ChildVariable has the test binary start a whole Wardgate, which is killed. It
// holds what is changed about the configuration, as JSON.
const ChildVariable = "WARDGATE_APP_CHILD"

type ChildConfig struct{ Data, Policies, Laboratory string }

// runChild serves for ever, and says where.
func runChild(raw string) error {
	var told ChildConfig
	if err := json.Unmarshal([]byte(raw), &told); err != nil {
		return err
	}
	c := Config(told.Data)
	c.Policies, c.Applications = told.Policies, At("lab", told.Laboratory)
	a, err := process.New(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	fmt.Println(a.Address())
	return a.Run(context.Background())
}

// CommandVariable has the test binary be the program itself, with these
// arguments, as JSON.
const CommandVariable = "WARDGATE_APP_COMMAND"

func runCommand(told string) int {
	var args []string
	if err := json.Unmarshal([]byte(told), &args); err != nil {
		return 2
	}
	return command.Run(args, os.Stdout, os.Stderr, nil)
}

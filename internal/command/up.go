package command

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/wardgate/wardgate/internal/app"
)

type upCommand struct {
	Demo     bool   `help:"Fill and run an invented hospital, on loopback only."`
	Config   string `help:"YAML configuration file." type:"path" placeholder:"FILE"`
	Data     string `help:"Data folder (default: var)." placeholder:"DIR"`
	Policies string `help:"Folder with the rule book; watched for changes (default: the built-in one)." placeholder:"DIR"`
}

// Run serves until SIGINT or SIGTERM, then drains.
func (u *upCommand) Run(s *streams) error {
	c, err := app.ReadConfig(u.Config, s.environ)
	if err != nil {
		return err
	}
	c.Demo = u.Demo
	if u.Data != "" {
		c.Data = u.Data
	}
	if u.Policies != "" {
		c.Policies = u.Policies
	}
	tuneCollector(s.environ)
	// net/http prints bytes that a backend sent unasked, which may be a
	// patient's, to the standard logger. Nothing of ours uses that logger.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	a, err := app.New(ctx, c, newLogger(&c, s.err))
	if err != nil {
		return err
	}
	a.Announce(s.out)
	if err := a.Run(ctx); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "Stopped.")
	return nil
}

func newLogger(c *app.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	// The configuration is checked before it is used: a bad level is reported there.
	_ = level.UnmarshalText([]byte(c.Log.Level))
	options := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Collecting garbage is what the slowest decisions wait for. It is made rarer,
// under a bound on memory, unless the operator has set either.
const (
	collectPercent = 800
	memoryLimit    = 1 << 30 // bytes
)

func tuneCollector(environ []string) {
	for _, pair := range environ {
		if strings.HasPrefix(pair, "GOGC=") || strings.HasPrefix(pair, "GOMEMLIMIT=") {
			return
		}
	}
	debug.SetGCPercent(collectPercent)
	debug.SetMemoryLimit(memoryLimit)
}

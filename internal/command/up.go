package command

import (
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
)

type upCommand struct{ processFlags }

// Run serves every role until SIGINT or SIGTERM, then drains.
func (u *upCommand) Run(s *cli.Streams) error { return u.serve(s, nil) }

func newLogger(c *config.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	// The configuration is checked before it is used: a bad level is reported there.
	_ = level.UnmarshalText([]byte(c.Log.Level))
	options := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Collecting garbage is what the slowest decisions wait for, and a third of what a
// proof or a check of a rule book takes. It is made rarer, under a bound on memory,
// unless the operator has set either.
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

package extauth_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pep/extauth"
)

// A part that is missing is named.
func TestMissingPartsAreNamed(t *testing.T) {
	for want, make := range map[string]func() error{
		"checker":      func() error { _, err := extauth.NewHTTP(nil, http.NotFoundHandler(), nil); return err },
		"next handler": func() error { _, err := extauth.NewHTTP(never{t}, nil, nil); return err },
		"checker is":   func() error { _, err := extauth.NewEnvoy(nil, slog.New(slog.DiscardHandler)); return err },
		"logger":       func() error { _, err := extauth.NewEnvoy(never{t}, nil); return err },
	} {
		if err := make(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that names the %s", err, want)
		}
	}
}

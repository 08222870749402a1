package config_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

func TestOriginOfPasskeys(t *testing.T) {
	readsAs(t, "passkeys: {origin: https://home.hospital.test}", nil, false, "")
	readsAs(t, "passkeys: {origin: http://localhost:8080}", nil, false, "")
	for _, origin := range []string{"home.hospital.test", "http://home.hospital.test", "https://10.0.0.1", "https://home.hospital.test/login"} {
		readsAs(t, "passkeys: {origin: '"+origin+"'}", nil, false, "passkeys.origin")
	}
	for name, tt := range map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"on loopback":       {func(*config.Config) {}, "http://localhost:8080"},
		"at home":           {func(c *config.Config) { c.PEP.Home = "https://home.hospital.test" }, "https://home.hospital.test"},
		"at an address":     {func(c *config.Config) { c.PEP.Home = "http://127.0.0.1:8080" }, ""},
		"elsewhere":         {func(c *config.Config) { c.PEP.Listen = "10.0.0.1:443" }, ""},
		"with TLS":          {func(c *config.Config) { c.PEP.Certificate = "cert.pem" }, ""},
		"as it was written": {func(c *config.Config) { c.Passkeys.Origin = "https://home.test" }, "https://home.test"},
	} {
		c := config.Default()
		tt.change(&c)
		if got := c.PasskeyOrigin(); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

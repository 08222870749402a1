package config

import (
	"net"

	"github.com/wardgate/wardgate/pip/identity/passkey"
)

// Passkeys is where people use passkeys.
type Passkeys struct {
	// Origin of the pages that ask for them, "https://home.hospital.example". Passkeys
	// are bound to its host: with another one, all that were enrolled are worth nothing.
	// "" is pep.home, where browsers use passkeys at it; without a home it is localhost
	// for an enforcement point on loopback without TLS, and else none.
	Origin string `koanf:"origin"`
}

// PasskeyOrigin is the origin at which people use passkeys, "" when they use none.
func (c *Config) PasskeyOrigin() string {
	if c.Passkeys.Origin == "" && c.PEP.Home != "" {
		if _, err := passkey.CheckOrigin(c.PEP.Home); err != nil {
			return "" // browsers use none at an address
		}
		return c.PEP.Home
	}
	loopback, err := isLoopback(c.PEP.Listen)
	if c.Passkeys.Origin != "" || err != nil || !loopback || c.OuterTLS() {
		return c.Passkeys.Origin
	}
	_, port, _ := net.SplitHostPort(c.PEP.Listen) // isLoopback has read it
	return "http://localhost:" + port
}

func (c *Config) checkPasskeys(fault func(string, ...any)) {
	if c.Passkeys.Origin == "" {
		return
	}
	if _, err := passkey.CheckOrigin(c.Passkeys.Origin); err != nil {
		fault("passkeys.origin: %w", err)
	}
}

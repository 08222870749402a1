package pep_test

import (
	"crypto/tls"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pep/peer"
)

// The machine of a certificate is what the connection has shown: no header says it, no
// application learns it, and behind a proxy, whose own connection it is, there is none.
func TestTheAdministratorAloneIsToldOfAMachine(t *testing.T) {
	t.Parallel()
	machine := strings.Repeat("5a", 32)
	forged := assertion.CertificateHeader + ": " + strings.Repeat("5b", 32)
	for name, tt := range map[string]struct {
		change func(*browserWorld)
		want   []string
	}{
		"shown": {func(b *browserWorld) {
			b.config.Browsers.Machine = func(*tls.ConnectionState, time.Time) string { return machine }
		}, []string{machine}},
		"shown, and it counts for nothing": {func(b *browserWorld) {
			b.config.Browsers.Machine = func(*tls.ConnectionState, time.Time) string { return "" }
		}, nil},
		"no authority": {func(*browserWorld) {}, nil},
		"by a proxy": {func(b *browserWorld) {
			b.config.Browsers.Machine = func(*tls.ConnectionState, time.Time) string { return machine }
			b.config.Proxies = peer.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowserWorld(t, tt.change)
			b.one(browse("GET", "pep.test", "/page", forged, "wardgate_workstation_certificate: x", "X-Forwarded-For: 192.0.2.1"))
			b.one(browse("GET", "pep.test", "/info", with(sealedFor(t, homeOrigin)), forged, "X-Forwarded-For: 192.0.2.1"))
			got, _ := b.backend.requests()
			if len(got) != 2 {
				t.Fatalf("%d requests", len(got))
			}
			if told := got[0].values(assertion.CertificateHeader); !slices.Equal(told, tt.want) {
				t.Errorf("the administrator was told %q, want %q", told, tt.want)
			}
			if told := got[1].values(assertion.CertificateHeader); len(told) != 0 {
				t.Errorf("an application was told %q", told)
			}
		})
	}
}

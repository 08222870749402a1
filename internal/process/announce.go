package process

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/demo"
)

// Announce prints what this process does, where it listens and, in the demo,
// how to begin.
func (p *Process) Announce(w io.Writer) {
	if p.listening.pep != nil {
		fmt.Fprintf(w, "Wardgate is ready at %s\n", p.Address())
	} else {
		fmt.Fprintf(w, "Wardgate is ready\n")
	}
	if len(p.config.Roles) > 0 {
		fmt.Fprintf(w, "  roles        %s\n", strings.Join(p.config.Roles, ", "))
	}
	if p.listening.pdp != nil {
		fmt.Fprintf(w, "  decisions    %s (AuthZEN; the token is in %s)\n", p.Decisions(), filepath.Join(p.config.Data, "pdp.token"))
	}
	if p.listening.extauth != nil {
		fmt.Fprintf(w, "  Envoy        %s (ext_authz, gRPC)\n", p.ExtAuth())
	}
	for _, part := range p.config.Parts() {
		if l := p.listening.inside(part.Role); l != nil {
			fmt.Fprintf(w, "  %-12s https://%s (mutual TLS, for the enforcement point)\n", part.Name, l.Addr())
		} else if part.URL != "" {
			fmt.Fprintf(w, "  %-12s at %s\n", part.Name, part.URL)
		}
	}
	if p.listening.pep != nil && p.config.PEP.Home != "" {
		fmt.Fprintf(w, "  pages        %s (people log in there and nowhere else)\n", p.config.PEP.Home)
	}
	fmt.Fprintf(w, "  operations   %s/readyz\n", p.Operations())
	fmt.Fprintf(w, "  data         %s\n", p.config.Data)
	if p.book != nil {
		shown := p.book.shown()
		fmt.Fprintf(w, "  rule book    %s, revision %.12s\n", shown.Source, shown.Revision)
	}
	if p.config.Demo && p.listening.pep != nil {
		p.announceDemo(w)
	}
}

func (p *Process) announceDemo(w io.Writer) {
	mails := p.Address() + "/demo/outbox"
	if p.config.Runs(config.RoleAdministrator) {
		mails = fmt.Sprintf("%s (or see %s)", filepath.Join(p.config.Data, "outbox"), mails)
	}
	fmt.Fprintf(w, `
This is an invented hospital. Log in as
  doctor@%[1]s    doctor2@%[1]s    nurse@%[1]s
  patient@%[1]s   security@%[1]s
with the password %[2]s
and the code that is mailed to %[3]s.

Try:
  curl -s %[4]s/auth/login -H 'Content-Type: application/json' -d '{"email":"doctor@%[1]s","password":"%[2]s"}'

`, demo.Domain, demo.Password, mails, p.Address())
}

// Inside is where an enforcement point in another process reaches the part with
// this role, or "" when it cannot.
func (p *Process) Inside(role string) string {
	if l := p.listening.inside(role); l != nil {
		return "https://" + l.Addr().String()
	}
	return ""
}

// Address is where users reach the enforcement point.
func (p *Process) Address() string {
	scheme := "http"
	if p.config.OuterTLS() {
		scheme = "https"
	}
	return scheme + "://" + p.listening.pep.Addr().String()
}

// Operations is where operators reach health and metrics.
func (p *Process) Operations() string { return "http://" + p.listening.operations.Addr().String() }

// ExtAuth is where Envoys on this machine ask, as host and port.
func (p *Process) ExtAuth() string { return p.listening.extauth.Addr().String() }

// Decisions is where enforcement points of others ask.
func (p *Process) Decisions() string { return p.listening.decisions(&p.config) }

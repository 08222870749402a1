package process

import (
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/wardgate/wardgate/internal/config"
)

// Announce prints what this process does, where it listens and, in the demo,
// how to begin.
func (a *Process) Announce(w io.Writer) {
	if a.reached.pep != nil {
		fmt.Fprintf(w, "Wardgate is ready at %s\n", a.Address())
	} else {
		fmt.Fprintf(w, "Wardgate is ready\n")
	}
	if len(a.config.Roles) > 0 {
		fmt.Fprintf(w, "  roles        %s\n", strings.Join(a.config.Roles, ", "))
	}
	if a.reached.pdp != nil {
		fmt.Fprintf(w, "  decisions    %s (AuthZEN; the token is in %s)\n", a.Decisions(), a.data.path("pdp.token"))
	}
	if a.reached.extauth != nil {
		fmt.Fprintf(w, "  Envoy        %s (ext_authz, gRPC)\n", a.ExtAuth())
	}
	for _, part := range a.config.Parts() {
		if l := a.inside(part.Role); l != nil {
			fmt.Fprintf(w, "  %-12s https://%s (mutual TLS, for the enforcement point)\n", part.Name, l.Addr())
		} else if part.URL != "" {
			fmt.Fprintf(w, "  %-12s at %s\n", part.Name, part.URL)
		}
	}
	fmt.Fprintf(w, "  operations   %s/readyz\n", a.Operations())
	fmt.Fprintf(w, "  data         %s\n", a.config.Data)
	if a.engine != nil {
		fmt.Fprintf(w, "  rule book    %s, revision %.12s\n", a.readyPolicy().Source, a.revision())
	}
	if a.config.Demo && a.reached.pep != nil {
		a.announceDemo(w)
	}
}

func (a *Process) announceDemo(w io.Writer) {
	mails := a.Address() + "/demo/outbox"
	if a.admin != nil {
		mails = fmt.Sprintf("%s (or see %s)", a.data.path("outbox"), mails)
	}
	fmt.Fprintf(w, `
This is an invented hospital. Log in as
  doctor@%[1]s    doctor2@%[1]s    nurse@%[1]s
  patient@%[1]s   security@%[1]s
with the password %[2]s
and the code that is mailed to %[3]s.

Try:
  curl -s %[4]s/auth/login -H 'Content-Type: application/json' -d '{"email":"doctor@%[1]s","password":"%[2]s"}'

`, demoDomain, demoPassword, mails, a.Address())
}

// inside is where an enforcement point in another process reaches a part of
// this one, or nil.
func (a *Process) inside(role string) net.Listener {
	switch role {
	case config.RoleAdministrator:
		return a.reached.internal
	case config.RoleRecords:
		return a.reached.records
	case config.RoleInference:
		return a.reached.inference
	default:
		return nil
	}
}

// Inside is where an enforcement point in another process reaches the part with
// this role, or "" when it cannot.
func (a *Process) Inside(role string) string {
	if role == config.RolePDP {
		role = config.RoleAdministrator
	}
	if l := a.inside(role); l != nil {
		return "https://" + l.Addr().String()
	}
	return ""
}

// Address is where users reach the enforcement point.
func (a *Process) Address() string {
	scheme := "http"
	if a.config.PEP.Certificate != "" {
		scheme = "https"
	}
	return scheme + "://" + a.reached.pep.Addr().String()
}

// Operations is where operators reach health and metrics.
func (a *Process) Operations() string { return "http://" + a.reached.operations.Addr().String() }

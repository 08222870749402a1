package app

import (
	"fmt"
	"io"
)

// Announce prints where the process listens and, in the demo, how to begin.
func (a *App) Announce(w io.Writer) {
	address := a.Address()
	fmt.Fprintf(w, "Wardgate is ready at %s\n", address)
	fmt.Fprintf(w, "  decisions    %s (AuthZEN; the token is in %s)\n", a.Decisions(), a.data.path("pdp.token"))
	fmt.Fprintf(w, "  Envoy        %s (ext_authz, gRPC)\n", a.ExtAuth())
	fmt.Fprintf(w, "  operations   %s/readyz\n", a.Operations())
	fmt.Fprintf(w, "  data         %s\n", a.config.Data)
	fmt.Fprintf(w, "  rule book    %s, revision %.12s\n", a.readyPolicy().Source, a.engine.Revision())
	if !a.config.Demo {
		return
	}
	fmt.Fprintf(w, `
This is an invented hospital. Log in as
  doctor@%[1]s    doctor2@%[1]s    nurse@%[1]s
  patient@%[1]s   security@%[1]s
with the password %[2]s
and the code that is mailed to %[3]s (or see %[4]s/demo/outbox).

Try:
  curl -s %[4]s/auth/login -H 'Content-Type: application/json' -d '{"email":"doctor@%[1]s","password":"%[2]s"}'

`, demoDomain, demoPassword, a.data.path("outbox"), address)
}

// Address is where users reach the enforcement point.
func (a *App) Address() string {
	scheme := "http"
	if a.config.PEP.Certificate != "" {
		scheme = "https"
	}
	return scheme + "://" + a.reached.pep.Addr().String()
}

// Operations is where operators reach health and metrics.
func (a *App) Operations() string { return "http://" + a.reached.operations.Addr().String() }

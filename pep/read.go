package pep

import (
	"context"
	"net/http"

	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/session"
)

// read finds the one reading of host, target and header. What has two is
// refused before anything is asked about it. A session that has ended is told that
// before it is told anything about hosts and paths.
func (p *Proxy) read(_ context.Context, x *exchange) *refusal {
	if x.flaw != "" {
		return p.refuse(x.flaw)
	}
	if x.unread != "" {
		if x.unknown != nil {
			p.cfg.Log.Error("the session of a browser is not known", "decision", x.id, "error", x.unknown)
		}
		return p.refuse(x.unread)
	}
	return p.unlessEnded(x, p.readLine(x))
}

// unlessEnded is the refusal of a request for how it is written, but for a session
// that has ended: of that it is the end.
func (p *Proxy) unlessEnded(x *exchange, r *refusal) *refusal {
	if r != nil && x.ended != "" {
		return p.refuse(x.ended)
	}
	return r
}

func (p *Proxy) readLine(x *exchange) *refusal {
	var flaw string
	if x.target, flaw = ReadLine(x.incoming, x.applications.Origins, x.applications.Hosts); flaw != "" {
		return p.refuse(flaw)
	}
	if request.Repeated(x.incoming.Header) {
		return p.refuse(code.HeaderRepeated)
	}
	return nil
}

// ReadLine finds the one reading of a request's host and target, or the code of why it has
// none. Nil origins know no browsers, and with nil hosts all are served.
func ReadLine(r *http.Request, origins *session.Origins, hosts func(host string) bool) (t request.Target, flaw string) {
	if flaw = request.ReadHost(r); flaw != "" {
		return request.Target{}, flaw
	}
	if origins != nil && origins.Misdirected(r.Host) || hosts != nil && !hosts(r.Host) {
		return request.Target{}, code.HostUnknown
	}
	return request.ReadTarget(r)
}

// framingUnsure reports whether what follows on the connection is never read:
// chunks are followed no further than their first (package framing), and a program
// in front may see the end of a request in HTTP/1.0 elsewhere.
func framingUnsure(r *http.Request) bool {
	return len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1)
}

package pep

import (
	"context"
	"net/http"

	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/request"
)

// read finds the one reading of host, target and header. What has two is
// refused before anything is asked about it.
func (p *Proxy) read(_ context.Context, x *exchange) *refusal {
	if x.flaw != "" {
		return p.refuse(x.flaw)
	}
	if flaw := request.ReadHost(x.incoming); flaw != "" {
		return p.refuse(flaw)
	}
	if p.cfg.Hosts != nil && !p.cfg.Hosts(x.incoming.Host) {
		return p.refuse(code.HostUnknown)
	}
	var flaw string
	if x.target, flaw = request.ReadTarget(x.incoming); flaw != "" {
		return p.refuse(flaw)
	}
	if request.Repeated(x.incoming.Header) {
		return p.refuse(code.HeaderRepeated)
	}
	return nil
}

// framingUnsure reports whether what follows on the connection is never read:
// chunks are followed no further than their first (package framing), and a program
// in front may see the end of a request in HTTP/1.0 elsewhere.
func framingUnsure(r *http.Request) bool {
	return len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1)
}

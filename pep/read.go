package pep

import (
	"context"
	"net/http"

	"github.com/wardgate/wardgate/pep/request"
)

// read finds the one reading of host, target and header. What has two is
// refused before anything is asked about it.
func (p *Proxy) read(_ context.Context, x *exchange) *refusal {
	if x.flaw != "" {
		return p.refuse(x.flaw)
	}
	if p.cfg.Hosts != nil && !p.cfg.Hosts(x.incoming.Host) {
		return p.refuse(hostUnknown)
	}
	var code string
	if x.target, code = request.ReadTarget(x.incoming); code != "" {
		return p.refuse(code)
	}
	if request.Repeated(x.incoming.Header) {
		return p.refuse(request.HeaderRepeated)
	}
	return nil
}

// framingUnsure reports whether a program in front may have seen the end of
// this request elsewhere: net/http hides that a chunked request also had a
// length (RFC 9112, section 6.3), and that one in HTTP/1.0 was chunked. What
// follows on such a connection is never read.
func framingUnsure(r *http.Request) bool {
	return len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1)
}

package pep

import "context"

// authenticate finds out whose token came with the request. It refuses nothing:
// what is wrong with a token is a fact that the policy judges.
func (p *Proxy) authenticate(_ context.Context, x *exchange) *refusal {
	x.subject, x.credential = p.verifier.Authenticate(x.incoming, x.now)
	return nil
}

package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
)

// A guard tells enforcement points from strangers, and from each other. The
// zero guard admits no caller. Of tokens it keeps digests only.
type guard struct {
	certificates bool
	tokens       map[string][sha256.Size]byte // by the caller's name
}

func newGuard(certificates bool, tokens map[string]string) guard {
	g := guard{certificates: certificates, tokens: map[string][sha256.Size]byte{}}
	for name, token := range tokens {
		g.tokens[name] = sha256.Sum256([]byte(token))
	}
	return g
}

// admits returns who calls. Digests are compared, so that neither the length
// nor the beginning of a token shows in how long the comparison takes; all of
// them are, so that no caller sees which was near.
func (g guard) admits(r *http.Request) (who pdp.Caller, ok bool) {
	if g.certificates && r.TLS != nil && len(r.TLS.VerifiedChains) > 0 && len(r.TLS.VerifiedChains[0]) > 0 {
		if name := nameOf(r.TLS.VerifiedChains[0][0]); name != "" {
			return pdp.Caller{Kind: pdp.CallerCertificate, Name: name}, true
		}
	}
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return pdp.Caller{}, false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	presented := sha256.Sum256([]byte(token))
	for name, digest := range g.tokens {
		if subtle.ConstantTimeCompare(presented[:], digest[:]) == 1 {
			who, ok = pdp.Caller{Kind: pdp.CallerToken, Name: name}, strings.EqualFold(scheme, "Bearer")
		}
	}
	if !ok {
		return pdp.Caller{}, false
	}
	return who, true
}

// maxName is the longest name of a caller, in bytes.
const maxName = 255

// nameOf is the one name that a certificate states: its URI, or without any its
// DNS name. One that states several has no name: the policy could not tell
// which of them is meant.
func nameOf(c *x509.Certificate) string {
	var names []string
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	if len(names) == 0 {
		names = c.DNSNames
	}
	if len(names) != 1 || len(names[0]) > maxName {
		return ""
	}
	return names[0]
}

const callerKey = "caller"

// callerOf is who was admitted.
func callerOf(c *gin.Context) pdp.Caller {
	who, _ := c.Value(callerKey).(pdp.Caller)
	return who
}

// authenticate stops a caller that is no enforcement point, before the body is
// read.
func (s *Service) authenticate(c *gin.Context) {
	if who, ok := s.guard.admits(c.Request); ok {
		c.Set(callerKey, who)
		return
	}
	challenge := "Bearer"
	if c.GetHeader("Authorization") != "" {
		challenge = `Bearer error="invalid_token"`
	}
	c.Header("WWW-Authenticate", challenge)
	problem.Write(c.Writer, documentOf(errStranger))
	c.Abort()
}

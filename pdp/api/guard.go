package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
)

// A guard tells enforcement points from strangers. The zero guard lets nobody
// in. It keeps the token's digest only.
type guard struct {
	certificates bool
	bearer       bool
	digest       [sha256.Size]byte
}

// admits compares digests, so that neither the length nor the beginning of the
// token shows in how long the comparison takes.
func (g guard) admits(r *http.Request) bool {
	if g.certificates && r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
		return true
	}
	values := r.Header.Values("Authorization")
	if !g.bearer || len(values) != 1 {
		return false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	presented := sha256.Sum256([]byte(token))
	same := subtle.ConstantTimeCompare(presented[:], g.digest[:]) == 1
	return same && strings.EqualFold(scheme, "Bearer")
}

// authenticate stops whoever is not an enforcement point, before the body is
// read.
func (s *Service) authenticate(c *gin.Context) {
	if s.guard.admits(c.Request) {
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

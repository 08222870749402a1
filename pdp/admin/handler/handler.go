// Package handler serves the policy administrator over HTTP: log-in, sessions,
// an account's own affairs, and the management of users. It decodes a request,
// calls one method of admin.Admin and encodes its answer; it decides nothing.
package handler

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

// Audience is what assertions for this surface name.
const Audience = "admin"

const day = 24 * time.Hour

// handler is the HTTP surface of an Admin. Who asks, from where, comes from the
// enforcement point's assertion and from nothing else in the request.
type handler struct {
	admin *admin.Admin
	log   *slog.Logger
}

// New serves /auth/*, /api/me and /api/sessions to callers whose requests
// carry an assertion under key.
func New(a *admin.Admin, key *assertion.Key, log *slog.Logger) http.Handler {
	h := handler{admin: a, log: log}
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.Use(gin.CustomRecoveryWithWriter(nil, h.panicked), noStore)
	router.NoRoute(func(c *gin.Context) { write(c, problem.New(http.StatusNotFound, "not_found")) })
	router.NoMethod(func(c *gin.Context) { write(c, problem.New(http.StatusMethodNotAllowed, "method_not_allowed")) })
	router.POST("/auth/login", h.logIn)
	router.POST("/auth/login/verify", h.verify)
	router.POST("/auth/login/resend", h.resend)
	router.POST("/auth/machine", h.machine)
	router.POST("/auth/refresh", h.refresh)
	router.POST("/auth/logout", h.logOut)
	router.POST("/auth/logout-all", h.logOutAll)
	router.POST("/auth/step-up", h.stepUp)
	router.POST("/auth/step-up/verify", h.verifyStepUp)
	router.GET("/api/me", h.me)
	router.GET("/api/sessions", h.sessions)
	router.DELETE("/api/sessions/:id", h.endSession)
	h.people(router)
	h.administration(router)
	return assertion.Guard{Key: key, Audience: Audience, Log: log}.Wrap(router)
}

func noStore(c *gin.Context) { c.Header("Cache-Control", "no-store") }

func claims(c *gin.Context) *assertion.Claims { return assertion.From(c.Request.Context()) }

// client reads where the request came from. An address that does not parse
// stays the zero address, which the policy takes for unknown.
func client(c *gin.Context) admin.Client {
	said := claims(c)
	addr, err := netip.ParseAddr(said.Address)
	if err != nil {
		addr = netip.Addr{}
	}
	return admin.Client{Address: addr, UserAgent: said.UserAgent, Decision: said.Decision, Device: c.GetHeader(DeviceHeader)}
}

func (h handler) logIn(c *gin.Context) {
	var email, password string
	from := client(c)
	if !decodeForm(c, form{
		required: texts{"email": &email, "password": &password},
		optional: texts{"device": &from.Device},
	}) {
		return
	}
	challenge, err := h.admin.LogIn(c.Request.Context(), from, email, password)
	if err != nil {
		h.fail(c, err)
		return
	}
	answer := h.asking(challenge)
	answer["privacy"] = h.privacyNotice()
	c.JSON(http.StatusOK, answer)
}

// privacyNotice says what a log-in leaves behind, before anything is asked for.
func (h handler) privacyNotice() string {
	l := h.admin.Limits()
	return fmt.Sprintf("To notice that somebody else uses your account, Wardgate keeps with your session, sealed: your operating "+
		"system, browser and country, and your coordinates only if you consent. It knows your devices for %d days, your networks "+
		"for %d, and from where you last logged in for %d. Nothing of it is used for anything else.",
		l.DeviceMemory/day, l.NetworkMemory/day, l.LogInMemory/day)
}

func (h handler) verify(c *gin.Context) {
	var challenge, code string
	from := client(c)
	if !decodeForm(c, form{
		required: texts{"challenge": &challenge, "code": &code},
		optional: texts{"device": &from.Device},
		location: &from.Coordinates,
	}) {
		return
	}
	tokens, err := h.admin.Verify(c.Request.Context(), from, challenge, code)
	h.pair(c, tokens, err)
}

func (h handler) resend(c *gin.Context) {
	var challenge string
	if !decode(c, texts{"challenge": &challenge}) {
		return
	}
	if err := h.admin.Resend(c.Request.Context(), challenge); err != nil {
		h.fail(c, err)
		return
	}
	c.Status(http.StatusAccepted)
}

func (h handler) refresh(c *gin.Context) {
	var token string
	from := client(c)
	if !decodeForm(c, form{required: texts{"refresh_token": &token}, location: &from.Coordinates}) {
		return
	}
	from.Retry = c.GetHeader("Idempotency-Key")
	if len(from.Retry) > maxRetry {
		write(c, malformed(problem.Field{Location: "header.Idempotency-Key", Message: "expected at most 255 bytes"}))
		return
	}
	tokens, err := h.admin.Refresh(c.Request.Context(), from, token)
	h.pair(c, tokens, err)
}

func (h handler) logOut(c *gin.Context) {
	h.done(c, h.admin.LogOut(c.Request.Context(), client(c), claims(c).Subject, claims(c).Session))
}

func (h handler) logOutAll(c *gin.Context) {
	h.done(c, h.admin.LogOutAll(c.Request.Context(), client(c), claims(c).Subject))
}

func (h handler) stepUp(c *gin.Context) {
	challenge, err := h.admin.StepUp(c.Request.Context(), claims(c).Subject, claims(c).Session)
	h.challenge(c, challenge, err)
}

func (h handler) verifyStepUp(c *gin.Context) {
	var challenge, code string
	if !decode(c, texts{"challenge": &challenge, "code": &code}) {
		return
	}
	who := claims(c)
	tokens, err := h.admin.VerifyStepUp(c.Request.Context(), client(c), who.Subject, who.Session, challenge, code)
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{
		"access_token": tokens.Access,
		"token_type":   "Bearer",
		"expires_in":   seconds(tokens.ExpiresIn),
		"acr":          tokens.ACR,
	})
}

func (h handler) challenge(c *gin.Context, challenge pip.Challenge, err error) {
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, h.asking(challenge))
}

func (h handler) asking(challenge pip.Challenge) gin.H {
	return gin.H{
		"challenge":  challenge.ID,
		"methods":    challenge.Methods,
		"expires_in": seconds(challenge.Expires.Sub(h.admin.Now())),
	}
}

func (h handler) pair(c *gin.Context, tokens admin.Tokens, err error) {
	if err != nil {
		h.fail(c, err)
		return
	}
	answer := gin.H{
		"access_token":  tokens.Access,
		"refresh_token": tokens.Refresh,
		"token_type":    "Bearer",
		"expires_in":    seconds(tokens.ExpiresIn),
		"refresh_after": seconds(tokens.RefreshAfter),
		"role":          tokens.Role,
	}
	if tokens.Device != "" {
		answer["device"] = tokens.Device
		http.SetCookie(c.Writer, deviceCookie(tokens.Device, h.admin.Limits().DeviceMemory))
	}
	c.JSON(http.StatusOK, answer)
}

func (h handler) done(c *gin.Context, err error) {
	if err != nil {
		h.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

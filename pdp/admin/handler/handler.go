// Package handler serves the policy administrator over HTTP: log-in, sessions,
// an account's own affairs, and the management of users. It decodes a request,
// calls one method of admin.Admin and encodes its answer; it decides nothing.
package handler

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/browser"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
	"github.com/wardgate/wardgate/pip"
)

// Audience is what assertions for this surface name.
const Audience = "admin"

const day = 24 * time.Hour

// handler is the HTTP surface of an Admin. Who asks, from where, comes from the
// enforcement point's assertion and from nothing else in the request.
type handler struct {
	admin    *admin.Admin
	browsers Browsers
	stations *workstation.Desk // nil: there are none
	log      *slog.Logger
}

// Browsers ends step-ups of sessions whose browser holds no token.
type Browsers interface {
	// Elevate answers with the handle that the browser has on c.Host from then on.
	Elevate(ctx context.Context, c admin.Client, up browser.StepUp) (handle string, until time.Time, err error)
}

// New serves /auth/*, /api/me and /api/sessions to callers whose requests
// carry an assertion under key. A caller whose session is behind a cookie is
// answered no token.
// With workstations they are served under /api/admin/workstations.
func New(a *admin.Admin, b Browsers, s *workstation.Desk, key *assertion.Key, log *slog.Logger) http.Handler {
	h := handler{admin: a, browsers: b, stations: s, log: log}
	return assertion.Guard{Key: key, Audience: Audience, Log: log}.Wrap(h.router())
}

// Endpoints lists what New serves of a, each as "METHOD /path/:parameter".
func Endpoints(a *admin.Admin, s *workstation.Desk) (served []string) {
	for _, r := range (handler{admin: a, stations: s}).router().Routes() {
		served = append(served, r.Method+" "+r.Path)
	}
	slices.Sort(served)
	return served
}

func (h handler) router() *gin.Engine {
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
	h.devices(router)
	h.people(router)
	h.administration(router)
	h.passes(router)
	h.passkeys(router)
	h.workstations(router)
	return router
}

func noStore(c *gin.Context) { c.Header("Cache-Control", "no-store") }

func claims(c *gin.Context) *assertion.Claims { return assertion.From(c.Request.Context()) }

func client(c *gin.Context) admin.Client { return ClientOf(c.Request) }

// ClientOf reads where a guarded request came from. An address that does not
// parse stays the zero address, which the policy takes for unknown.
func ClientOf(r *http.Request) admin.Client {
	said := assertion.From(r.Context())
	addr, err := netip.ParseAddr(said.Address)
	if err != nil {
		addr = netip.Addr{}
	}
	return admin.Client{
		Address: addr, UserAgent: said.UserAgent, Decision: said.Decision,
		Device: r.Header.Get(DeviceHeader), Station: r.Header.Get(assertion.StationHeader),
		Certificate: r.Header.Get(assertion.CertificateHeader),
	}
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
	var challenge string
	from := client(c)
	code, ok := answered(c, form{
		required: texts{"challenge": &challenge},
		optional: texts{"device": &from.Device},
		location: &from.Coordinates,
	})
	if !ok {
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
	h.left(c, h.admin.LogOut(c.Request.Context(), client(c), claims(c).Subject, claims(c).Session))
}

func (h handler) logOutAll(c *gin.Context) {
	h.left(c, h.admin.LogOutAll(c.Request.Context(), client(c), claims(c).Subject))
}

// left answers a caller whose session has ended at its own request.
func (h handler) left(c *gin.Context, err error) {
	if err == nil && claims(c).ByCookie {
		c.Header(assertion.BrowserHeader, assertion.BrowserClear)
	}
	h.done(c, err)
}

func (h handler) stepUp(c *gin.Context) {
	challenge, err := h.admin.StepUp(c.Request.Context(), claims(c).Subject, claims(c).Session)
	h.challenge(c, challenge, err)
}

func (h handler) verifyStepUp(c *gin.Context) {
	var challenge string
	code, ok := answered(c, form{required: texts{"challenge": &challenge}})
	if !ok {
		return
	}
	who := claims(c)
	if who.ByCookie {
		h.elevate(c, who, challenge, code)
		return
	}
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

// elevate ends a step-up in a browser.
func (h handler) elevate(c *gin.Context, who *assertion.Claims, challenge, code string) {
	from := client(c)
	from.Host = who.Host
	handle, until, err := h.browsers.Elevate(c.Request.Context(), from, browser.StepUp{
		Handle: who.Handle, Account: who.Subject, Session: who.Session, Challenge: challenge, Code: code,
	})
	if err != nil {
		h.fail(c, err)
		return
	}
	c.Header(assertion.BrowserHeader, handle)
	c.JSON(http.StatusOK, gin.H{"expires_in": seconds(until.Sub(h.admin.Now())), "acr": admin.ACRSteppedUp})
}

func (h handler) challenge(c *gin.Context, challenge pip.Challenge, err error) {
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, h.asking(challenge))
}

// answered reads a body of form f with the answer to a challenge: a code, or what a
// passkey has signed.
func answered(c *gin.Context, f form) (answer string, ok bool) {
	var code, passkey string
	if f.optional == nil {
		f.optional = texts{}
	}
	f.optional["code"], f.objects = &code, texts{"passkey": &passkey}
	if !decodeForm(c, f) {
		return "", false
	}
	if (code == "") == (passkey == "") {
		write(c, malformed(problem.Field{Location: "body.code", Message: "required, or in its place passkey"}))
		return "", false
	}
	return code + passkey, true
}

// asking tells of a challenge, with what the client needs to answer it by each method.
func (h handler) asking(challenge pip.Challenge) gin.H {
	answer := gin.H{
		"challenge":  challenge.ID,
		"methods":    challenge.Methods,
		"expires_in": seconds(challenge.Expires.Sub(h.admin.Now())),
	}
	for method, shown := range challenge.Shown {
		answer[method] = shown
	}
	return answer
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
		SetDevice(c.Writer, tokens.Devices, h.admin.Limits().DeviceMemory)
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

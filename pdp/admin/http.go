package admin

import (
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
)

// Application is the audience of assertions for the HTTP face.
const Application = "admin"

// face is the HTTP face of an Admin. Who asks, from where, comes from the
// enforcement point's assertion and from nothing else in the request.
type face struct{ admin *Admin }

// Handler serves /auth/*, /api/me and /api/sessions to callers whose requests
// carry an assertion under key.
func (a *Admin) Handler(key *assertion.Key) http.Handler {
	f := face{admin: a}
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.Use(gin.CustomRecoveryWithWriter(nil, f.panicked), noStore)
	router.NoRoute(func(c *gin.Context) { write(c, problem.New(http.StatusNotFound, "not_found")) })
	router.NoMethod(func(c *gin.Context) { write(c, problem.New(http.StatusMethodNotAllowed, "method_not_allowed")) })
	router.POST("/auth/login", f.logIn)
	router.POST("/auth/login/verify", f.verify)
	router.POST("/auth/login/resend", f.resend)
	router.POST("/auth/machine", f.machine)
	router.POST("/auth/refresh", f.refresh)
	router.POST("/auth/logout", f.logOut)
	router.POST("/auth/logout-all", f.logOutAll)
	router.POST("/auth/step-up", f.stepUp)
	router.POST("/auth/step-up/verify", f.verifyStepUp)
	router.GET("/api/me", f.me)
	router.GET("/api/sessions", f.sessions)
	router.DELETE("/api/sessions/:id", f.endSession)
	f.people(router)
	f.administration(router)
	return assertion.Guard{Key: key, Audience: Application, Log: a.parts.Log}.Wrap(router)
}

func noStore(c *gin.Context) { c.Header("Cache-Control", "no-store") }

func claims(c *gin.Context) *assertion.Claims { return assertion.From(c.Request.Context()) }

// client reads where the request came from. An address that does not parse
// stays the zero address, which the policy takes for unknown.
func client(c *gin.Context) Client {
	said := claims(c)
	addr, err := netip.ParseAddr(said.Address)
	if err != nil {
		addr = netip.Addr{}
	}
	return Client{Address: addr, UserAgent: said.UserAgent, Decision: said.Decision, Device: c.GetHeader(DeviceHeader)}
}

func (f face) logIn(c *gin.Context) {
	var email, password string
	from := client(c)
	if !decodeForm(c, form{
		required: texts{"email": &email, "password": &password},
		optional: texts{"device": &from.Device},
	}) {
		return
	}
	challenge, err := f.admin.LogIn(c.Request.Context(), from, email, password)
	if err != nil {
		f.fail(c, err)
		return
	}
	answer := f.asking(challenge)
	answer["privacy"] = f.privacyNotice()
	c.JSON(http.StatusOK, answer)
}

// privacyNotice says what a log-in leaves behind, before anything is asked for.
func (f face) privacyNotice() string {
	l := f.admin.limits()
	return fmt.Sprintf("To notice that somebody else uses your account, Wardgate keeps with your session, sealed: your operating "+
		"system, browser and country, and your coordinates only if you consent. It knows your devices for %d days, your networks "+
		"for %d, and from where you last logged in for %d. Nothing of it is used for anything else.",
		l.DeviceMemory/day, l.NetworkMemory/day, l.LogInMemory/day)
}

func (f face) verify(c *gin.Context) {
	var challenge, code string
	from := client(c)
	if !decodeForm(c, form{
		required: texts{"challenge": &challenge, "code": &code},
		optional: texts{"device": &from.Device},
		location: &from.Coordinates,
	}) {
		return
	}
	tokens, err := f.admin.Verify(c.Request.Context(), from, challenge, code)
	f.pair(c, tokens, err)
}

func (f face) resend(c *gin.Context) {
	var challenge string
	if !decode(c, texts{"challenge": &challenge}) {
		return
	}
	if err := f.admin.Resend(c.Request.Context(), challenge); err != nil {
		f.fail(c, err)
		return
	}
	c.Status(http.StatusAccepted)
}

func (f face) refresh(c *gin.Context) {
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
	tokens, err := f.admin.Refresh(c.Request.Context(), from, token)
	f.pair(c, tokens, err)
}

func (f face) logOut(c *gin.Context) {
	f.done(c, f.admin.LogOut(c.Request.Context(), client(c), claims(c).Subject, claims(c).Session))
}

func (f face) logOutAll(c *gin.Context) {
	f.done(c, f.admin.LogOutAll(c.Request.Context(), client(c), claims(c).Subject))
}

func (f face) stepUp(c *gin.Context) {
	challenge, err := f.admin.StepUp(c.Request.Context(), claims(c).Subject, claims(c).Session)
	f.challenge(c, challenge, err)
}

func (f face) verifyStepUp(c *gin.Context) {
	var challenge, code string
	if !decode(c, texts{"challenge": &challenge, "code": &code}) {
		return
	}
	who := claims(c)
	tokens, err := f.admin.VerifyStepUp(c.Request.Context(), client(c), who.Subject, who.Session, challenge, code)
	if err != nil {
		f.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{
		"access_token": tokens.Access,
		"token_type":   "Bearer",
		"expires_in":   seconds(tokens.ExpiresIn),
		"acr":          tokens.ACR,
	})
}

func (f face) challenge(c *gin.Context, challenge Challenge, err error) {
	if err != nil {
		f.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, f.asking(challenge))
}

func (f face) asking(challenge Challenge) gin.H {
	return gin.H{
		"challenge":  challenge.ID,
		"methods":    challenge.Methods,
		"expires_in": seconds(challenge.Expires.Sub(f.admin.cfg.Now())),
	}
}

func (f face) pair(c *gin.Context, tokens Tokens, err error) {
	if err != nil {
		f.fail(c, err)
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
		http.SetCookie(c.Writer, deviceCookie(tokens.Device, f.admin.limits().DeviceMemory))
	}
	c.JSON(http.StatusOK, answer)
}

func (f face) done(c *gin.Context, err error) {
	if err != nil {
		f.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

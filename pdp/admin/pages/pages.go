// Package pages serves what people see of the policy administrator: log-in,
// sign-up, forgotten passwords, step-up, log-out, and an account's own affairs.
// A page decodes a form, calls the same function of the administrator as the
// JSON interface does, and shows what came of it; it decides nothing.
package pages

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/browser"
	"github.com/wardgate/wardgate/pdp/admin/handler"
)

//go:embed html
var files embed.FS

// Browsers are the sessions of browsers, which hold a handle in place of tokens.
type Browsers interface {
	// Begin ends a log-in with its second factor in a browser on the host c.Host.
	Begin(ctx context.Context, c admin.Client, challenge, code string) (handle string, t admin.Tokens, err error)
	// Elevate ends a step-up there; the browser gets another handle.
	Elevate(ctx context.Context, c admin.Client, up browser.StepUp) (handle string, until time.Time, err error)
	// Carry answers a code with which the browser gets a handle of the same session
	// on another host, and Redeem exchanges it there.
	Carry(ctx context.Context, c admin.Client, p browser.Passage) (code string, err error)
	Redeem(ctx context.Context, c admin.Client, code, nonce string) (handle string, err error)
	// Resume has a person take over the workstation at which the browser is, by badge and PIN.
	Resume(ctx context.Context, c admin.Client, number, pin string) (handle string, err error)
	// Place returns where a handle stands; the zero Place for one that there is not.
	Place(ctx context.Context, handle string) (browser.Place, error)
}

var _ Browsers = (*browser.Browsers)(nil)

// Parts is what Pages work with. All of it is required but the last three.
type Parts struct {
	Admin    *admin.Admin
	Browsers Browsers
	Sealer   admin.Sealer
	Tables   func() *pdp.Tables // of the active rule book, asked each time
	Log      *slog.Logger

	Origins       func() []string // of the applications to which a session may be carried, asked each time; nil for none
	PasskeyOrigin string          // at which browsers use passkeys; "" for nowhere
	Stations      Stations        // nil: there are no workstations
}

// Pages are the administrator's pages.
type Pages struct {
	parts Parts
	look  *look.Look
	mux   *http.ServeMux
	files http.Handler
	paths []string
}

// New returns the pages, or an error that says what is missing.
func New(parts Parts) (*Pages, error) {
	if err := required.Parts("pages", map[string]bool{
		"Admin": parts.Admin != nil, "Browsers": parts.Browsers != nil, "Sealer": parts.Sealer != nil,
		"Tables": parts.Tables != nil, "Log": parts.Log != nil,
	}); err != nil {
		return nil, err
	}
	templates, err := fs.Sub(files, "html")
	if err != nil {
		return nil, err
	}
	if parts.Origins == nil {
		parts.Origins = func() []string { return nil }
	}
	p := &Pages{parts: parts, mux: http.NewServeMux(), files: look.Files()}
	if p.look, err = look.New(templates, allWords()); err != nil {
		return nil, err
	}
	p.routes()
	slices.Sort(p.paths)
	return p, nil
}

// routes says which page is where. A form that was not sent from this browser's
// own page, or too late, is shown again in place of being done.
func (p *Pages) routes() {
	for _, path := range []string{look.StylesPath, look.IconPath, look.ScriptPath} {
		p.serve("GET "+path, func(v *visit) { p.files.ServeHTTP(v.w, v.r) })
	}
	p.serve("GET /{$}", (*visit).home)
	p.form("/login", (*visit).showLogIn, (*visit).logIn)
	p.serve("GET /login/verify", (*visit).beginAnew)
	p.post("/login/verify", (*visit).showCode, (*visit).verify)
	p.post("/login/resend", (*visit).showCode, (*visit).resend)
	p.form("/logout", (*visit).showLogOut, (*visit).logOut)
	p.form("/step-up", (*visit).showStepUp, (*visit).stepUp)
	p.post("/step-up/verify", (*visit).showStepUpCode, (*visit).verifyStepUp)
	p.serve("GET "+redeemPath, (*visit).redeem)
	p.account()
	p.workstations()
	p.taps()
	if p.parts.Admin.SignsUp() {
		p.form("/signup", (*visit).showSignUp, (*visit).signUp)
		p.post("/signup/verify", (*visit).showSignUpCode, (*visit).verifySignUp)
		p.form("/forgot", (*visit).showForgot, (*visit).forgot)
		p.serve("GET /reset", (*visit).forgetAnew)
		p.post("/reset", (*visit).showReset, (*visit).reset)
	}
}

// account serves what an account sees of itself.
func (p *Pages) account() {
	p.serve("GET /account/{$}", (*visit).account)
	p.serve("GET /account/sessions", (*visit).sessions)
	p.post("/account/sessions/{session}/end", (*visit).sessions, (*visit).endSession)
	p.post("/account/sessions/end-all", (*visit).sessions, (*visit).endSessions)
	p.devices()
	p.serve("GET /account/notices", (*visit).showNotices)
	if p.parts.Admin.HasPasskeys() {
		p.post("/login/passkey", (*visit).showLogIn, (*visit).logInByPasskey)
		p.form("/account/passkeys", (*visit).showPasskeys, (*visit).offerPasskey)
		p.post("/account/passkeys/confirm", (*visit).showPasskeys, (*visit).confirmPasskey)
		p.post("/account/passkeys/{passkey}/remove", (*visit).showPasskeys, (*visit).removePasskey)
	}
	if p.parts.Admin.HasApps() {
		p.serve("GET /account/app", (*visit).app)
		p.post("/account/app", (*visit).app, (*visit).offerApp)
		p.post("/account/app/confirm", (*visit).app, (*visit).confirmApp)
		p.post("/account/app/remove", (*visit).app, (*visit).removeApp)
	}
}

// form serves a page with a form, and what the form does, at one path.
func (p *Pages) form(path string, show, do func(*visit)) {
	p.serve("GET "+path, show)
	p.post(path, show, do)
}

func (p *Pages) post(path string, show, do func(*visit)) {
	p.serve("POST "+path, func(v *visit) {
		if !v.genuine() {
			v.status = http.StatusForbidden
			v.wrong("", v.say("fault.stale"))
			show(v)
			return
		}
		do(v)
	})
}

func (p *Pages) serve(pattern string, do func(*visit)) {
	p.paths = append(p.paths, strings.TrimSuffix(pattern, "{$}"))
	p.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v, err := p.visit(w, r)
		if err != nil {
			p.parts.Log.Error("request failed", "path", r.Pattern, "error", err)
			http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
			return
		}
		do(v)
	})
}

// Endpoints lists what is served, each as "METHOD /path/{parameter}".
func (p *Pages) Endpoints() []string { return slices.Clone(p.paths) }

// Before serves pages to callers whose requests carry an assertion under key, and
// leaves everything else to rest.
func (p *Pages) Before(rest http.Handler, key *assertion.Key) http.Handler {
	guarded := assertion.Guard{Key: key, Audience: handler.Audience, Log: p.parts.Log}.Wrap(http.HandlerFunc(p.show))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := p.mux.Handler(r); pattern != "" {
			guarded.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil {
			p.parts.Log.Error("request panicked", "path", r.Pattern, "panic", fmt.Sprint(cause))
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		}
	}()
	p.mux.ServeHTTP(w, r)
}

package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pdp/admin/browser"
)

// The ways of proving by a code that was mailed, and by an authenticator app, as
// challenges name them.
const (
	methodEmail = "email"
	methodApp   = "totp"
)

func (v *visit) showLogIn() {
	// At a workstation the next person may ask for a log-in while another's session is open.
	if v.r.Method == http.MethodGet && v.who.Subject != "" && (v.carried(withField) == "" || !v.stationed()) {
		v.goOn(v.who.Handle)
		return
	}
	if v.toTap() {
		return
	}
	offered := v.offerToLogIn()
	v.message("log_in.heading", look.Content{
		Passkey: offered,
		Form: &look.Form{
			Action: "/login", Submit: "log_in.submit", Hidden: v.hidden(carriedOn...),
			Fields: []look.Field{
				{Name: "email", Kind: look.Email, Label: "field.email", Passkeys: offered != nil && offered.Offered},
				{Name: "password", Kind: look.Password, Label: "field.password"},
			},
		},
		Links: v.links("/forgot", "log_in.forgot", "/signup", "log_in.sign_up"),
	})
}

// links are pairs of a path and a word, of what is served here.
func (v *visit) links(pairs ...string) (all []look.Link) {
	for pair := range slices.Chunk(pairs, 2) {
		if slices.Contains(v.paths, "GET "+pair[0]) {
			all = append(all, look.Link{Path: pair[0], Word: pair[1]})
		}
	}
	return all
}

func (v *visit) logIn() {
	if !v.required("email", "password") {
		v.showLogIn()
		return
	}
	challenge, err := v.parts.Admin.LogIn(v.r.Context(), v.client, v.text("email"), v.text("password"))
	if err != nil {
		v.refused(err)
		v.showLogIn()
		return
	}
	v.asked(challenge)
	v.showCode()
}

// codeForm asks for a code: of one kind, with what its form carries on.
func (v *visit) codeForm(action string, kind look.Kind, back look.Link, hidden ...string) look.Form {
	return look.Form{
		Action: action, Submit: "code.submit", Hidden: v.hidden(hidden...),
		Fields: []look.Field{{Name: "code", Kind: kind, Label: "field.code", Hint: "hint.code"}},
		Back:   &back,
	}
}

// showCode asks for the second factor: first for a passkey, where the account has one.
func (v *visit) showCode() {
	text, kind := "code.by_app", look.LongCode
	if v.text("mailed") != "" {
		text, kind = "code.by_mail", look.Code
	}
	back := look.Link{Path: "/login", Word: "code.anew"}
	verify := v.codeForm("/login/verify", kind, back, stillAsked...)
	verify.Hidden = append(verify.Hidden, v.options()...)
	v.complete(&verify)
	c := codePage{Text: []string{v.say(text)}, Verify: &verify, Privacy: v.privacy()}
	if c.Passkey = v.askForPasskey("/login/verify", back); c.Passkey != nil {
		c.Text, c.Instead = []string{v.say("code.by_passkey")}, v.say(text)
	}
	if v.text("mailed") != "" {
		resend := look.Form{Action: "/login/resend", Submit: "code.resend", Class: "second", Hidden: v.hidden(stillAsked...)}
		v.complete(&resend)
		c.Resend = &resend
	}
	if v.text("done") != "" {
		c.Done = v.say("code.resent")
	}
	v.showFactors("code.heading", c)
}

// options are those of a challenge that a passkey may still answer.
func (v *visit) options() []look.Hidden {
	if asked := v.object(optionsField); asked != "" {
		return []look.Hidden{{Name: optionsField, Value: asked}}
	}
	return nil
}

func (v *visit) showFactors(heading string, c codePage) {
	p := v.showing("code", heading)
	p.Passkeys, p.Data = c.Passkey != nil, c
	v.write(p)
}

// A codePage asks for a second factor.
type codePage struct {
	Done    string
	Text    []string
	Passkey *look.Passkey
	Instead string // above Verify, beside a passkey
	Verify  *look.Form
	Resend  *look.Form
	Privacy []string
}

// privacy says what a log-in leaves behind, before it is complete.
func (v *visit) privacy() []string {
	l := v.parts.Admin.Limits()
	return []string{v.say("privacy.kept"), v.say("privacy.known", days(l.DeviceMemory), days(l.NetworkMemory), days(l.LogInMemory)), v.say("privacy.nothing_else")}
}

func (v *visit) resend() {
	v.sent.Del("done")
	if err := v.parts.Admin.Resend(v.r.Context(), v.text("challenge")); err != nil {
		v.refused(err)
	} else {
		v.sent.Set("done", "yes")
	}
	v.showCode()
}

func (v *visit) verify() {
	answer := v.answer()
	if answer == "" && !v.required("code") {
		v.showCode()
		return
	}
	if err := v.begin(answer); err != nil {
		v.refused(err, "code")
		v.showCode()
	}
}

// begin ends a log-in with what answers its challenge, and leads on.
func (v *visit) begin(answer string) error {
	before := v.place()
	handle, tokens, err := v.parts.Browsers.Begin(v.r.Context(), v.client, v.text("challenge"), answer)
	if err != nil {
		return err
	}
	if err := v.supersede(before, handle); err != nil {
		return errors.Join(err, v.parts.Admin.Revoke(context.WithoutCancel(v.r.Context()), tokens.Session, "not_begun"))
	}
	v.hold(handle)
	v.rememberDevice(tokens.Devices)
	v.goOn(handle)
	return nil
}

// place is where the session stands that this browser has. It is asked before another one
// takes the place. What is not known is at no workstation.
func (v *visit) place() browser.Place {
	p, err := v.parts.Browsers.Place(v.r.Context(), v.who.Handle)
	if err != nil {
		v.parts.Log.Error("place of a browser not known", "error", err)
	}
	if err != nil || p.Session != v.who.Session {
		return browser.Place{}
	}
	return p
}

// supersede ends the session that this browser had before, also another person's, when
// it got handle: one browser has one session. Where it cannot be ended the new one is not handed
// out, so that no two of them live on. At one and the same workstation people take turns:
// the session of the one before goes on, without a handle here. A session that this browser
// has from before it was that workstation has handles that no turn takes, and is ended.
func (v *visit) supersede(before browser.Place, handle string) error {
	if v.who.Session == "" {
		return nil
	}
	now, err := v.parts.Browsers.Place(v.r.Context(), handle)
	if err != nil {
		return err
	}
	if now.Session == v.who.Session || now.Workstation != "" && now.Workstation == before.Workstation {
		return nil
	}
	return v.parts.Admin.Supersede(v.r.Context(), v.client, v.who.Subject, v.who.Session)
}

func (v *visit) beginAnew() { v.leave("/login") }

func (v *visit) showLogOut() {
	if v.who.Subject == "" {
		v.message("log_out.done", look.Content{Links: v.links("/login", "log_in.again")})
		return
	}
	v.message("log_out.heading", look.Content{
		Text: []string{v.say("log_out.text")},
		Form: &look.Form{Action: "/logout", Submit: "log_out.submit", Back: &look.Link{Path: "/", Word: "look.back"}},
	})
}

func (v *visit) logOut() {
	if err := v.parts.Admin.LogOut(v.r.Context(), v.client, v.who.Subject, v.who.Session); err != nil {
		v.refused(err)
		v.showLogOut()
		return
	}
	v.over()
	v.message("log_out.done", look.Content{Text: []string{v.say("log_out.everywhere")}, Links: v.links("/login", "log_in.again")})
}

// home is where people are led who go to no page of their own.
func (v *visit) home() {
	if v.who.Subject == "" {
		v.leave("/login")
		return
	}
	v.message("home.heading", look.Content{Links: v.links("/account/", "account.heading", "/logout", "log_out.heading")})
}

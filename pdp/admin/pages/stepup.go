package pages

import (
	"net/url"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pdp/admin/browser"
)

func (v *visit) showStepUp() {
	if v.who.Subject == "" {
		v.leave("/login?" + url.Values{nextField: {v.at().String()}}.Encode())
		return
	}
	v.message("step_up.heading", look.Content{
		Text: []string{v.say("step_up.text")},
		Form: &look.Form{Action: "/step-up", Submit: "step_up.begin", Hidden: v.hidden(carriedOn...), Back: &look.Link{Path: "/", Word: "look.back"}},
	})
}

func (v *visit) stepUp() {
	challenge, err := v.parts.Admin.StepUp(v.r.Context(), v.who.Subject, v.who.Session)
	if err != nil {
		v.refused(err)
		v.showStepUp()
		return
	}
	v.asked(challenge)
	v.showStepUpCode()
}

// showStepUpCode asks for a fresh factor: first for a passkey, and beside it for the
// code of an app where there is one. No pass is taken here.
func (v *visit) showStepUpCode() {
	text := "step_up.by_app"
	if v.text("mailed") != "" {
		text = "code.by_mail"
	}
	back := look.Link{Path: "/", Word: "look.back"}
	form := v.codeForm("/step-up/verify", look.Code, back, stillAsked...)
	form.Hidden = append(form.Hidden, v.options()...)
	v.complete(&form)
	c := codePage{Text: []string{v.say(text)}, Verify: &form}
	if v.object(optionsField) != "" {
		c.Passkey = v.askForPasskey("/step-up/verify", back)
		c.Text, c.Instead = []string{v.say("step_up.by_passkey")}, v.say(text)
		if v.text("app") == "" {
			c.Verify = nil
		}
	}
	if c.Passkey == nil && c.Verify == nil {
		c.Text = []string{v.say("passkeys.elsewhere", v.parts.PasskeyOrigin)}
	}
	v.showFactors("step_up.heading", c)
}

func (v *visit) verifyStepUp() {
	answer := v.answer()
	if answer == "" && !v.required("code") {
		v.showStepUpCode()
		return
	}
	handle, _, err := v.parts.Browsers.Elevate(v.r.Context(), v.client, browser.StepUp{
		Handle: v.who.Handle, Account: v.who.Subject, Session: v.who.Session, Challenge: v.text("challenge"), Code: answer,
	})
	if err != nil {
		v.refused(err, "code")
		v.showStepUpCode()
		return
	}
	v.hold(handle)
	v.goOnElevated(handle)
}

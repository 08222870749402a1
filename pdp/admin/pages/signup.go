package pages

import (
	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pip"
)

func (v *visit) showSignUp() {
	v.message("sign_up.heading", look.Content{
		Text: []string{v.say("sign_up.text")},
		Form: &look.Form{
			Action: "/signup", Submit: "sign_up.submit",
			Fields: []look.Field{
				{Name: "username", Kind: look.Username, Label: "field.username", Hint: "hint.username"},
				{Name: "email", Kind: look.Email, Label: "field.email"},
				{Name: "password", Kind: look.NewPassword, Label: "field.new_password", Hint: "hint.password"},
				{Name: "role", Label: "field.role", Choices: v.roles()},
				{Name: "patient_number", Kind: look.Username, Label: "field.patient_number", Hint: "hint.patient_number", Optional: true},
				{Name: "enrolment_code", Kind: look.LongCode, Label: "field.enrolment_code", Hint: "hint.enrolment_code", Optional: true},
			},
		},
		Links: v.links("/login", "menu.log_in"),
	})
}

// roles are those that people may ask for.
func (v *visit) roles() (all []look.Choice) {
	for _, role := range v.parts.Tables().Roles.SignUp() {
		text := role
		if v.look.Has("role." + role) {
			text = v.say("role." + role)
		}
		all = append(all, look.Choice{Value: role, Text: text})
	}
	return all
}

func (v *visit) signUp() {
	if !v.required("username", "email", "password", "role") {
		v.showSignUp()
		return
	}
	flow, err := v.parts.Admin.SignUp(v.r.Context(), v.client, pip.SignUpForm{
		Username: v.text("username"), Email: v.text("email"), Password: v.text("password"), Role: v.text("role"),
		Number: v.text("patient_number"), Code: v.text("enrolment_code"),
	})
	if err != nil {
		v.refused(err)
		v.showSignUp()
		return
	}
	v.sent.Set("flow", flow)
	v.showSignUpCode()
}

func (v *visit) showSignUpCode() {
	form := v.codeForm("/signup/verify", look.Code, look.Link{Path: "/signup", Word: "code.anew"}, "flow")
	v.message("sign_up.verify", look.Content{Text: []string{v.say("sign_up.mailed")}, Form: &form})
}

func (v *visit) verifySignUp() {
	if !v.required("code") {
		v.showSignUpCode()
		return
	}
	if err := v.parts.Admin.VerifySignUp(v.r.Context(), v.client, pip.SignUpAnswer{Flow: v.text("flow"), Code: v.code()}); err != nil {
		v.refused(err, "code")
		v.showSignUpCode()
		return
	}
	v.message("sign_up.done", look.Content{Text: []string{v.say("sign_up.then")}, Links: v.links("/login", "menu.log_in")})
}

func (v *visit) showForgot() {
	v.message("forgot.heading", look.Content{
		Text:  []string{v.say("forgot.text")},
		Form:  &look.Form{Action: "/forgot", Submit: "forgot.submit", Fields: []look.Field{{Name: "email", Kind: look.Email, Label: "field.email"}}},
		Links: v.links("/login", "menu.log_in"),
	})
}

func (v *visit) forgot() {
	if !v.required("email") {
		v.showForgot()
		return
	}
	challenge, err := v.parts.Admin.Forgot(v.r.Context(), v.client, v.text("email"))
	if err != nil {
		v.refused(err, "email")
		v.showForgot()
		return
	}
	v.sent.Set("challenge", challenge.ID)
	v.showReset()
}

func (v *visit) forgetAnew() { v.leave("/forgot") }

func (v *visit) showReset() {
	v.message("reset.heading", look.Content{
		Text: []string{v.say("reset.text")},
		Form: &look.Form{
			Action: "/reset", Submit: "reset.submit", Hidden: v.hidden("challenge"),
			Fields: []look.Field{
				{Name: "code", Kind: look.Code, Label: "field.code", Hint: "hint.code"},
				{Name: "password", Kind: look.NewPassword, Label: "field.new_password", Hint: "hint.password"},
			},
			Back: &look.Link{Path: "/forgot", Word: "code.anew"},
		},
	})
}

func (v *visit) reset() {
	if !v.required("code", "password") {
		v.showReset()
		return
	}
	err := v.parts.Admin.Reset(v.r.Context(), v.client, pip.ResetAnswer{Challenge: v.text("challenge"), Code: v.code(), Password: v.text("password")})
	if err != nil {
		v.refused(err, "code")
		v.showReset()
		return
	}
	v.message("reset.done", look.Content{Text: []string{v.say("reset.ended")}, Links: v.links("/login", "menu.log_in")})
}

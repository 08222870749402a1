package pages

import (
	"net/http"
	"slices"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pip"
)

const (
	// methodPasskey is the way of proving by a passkey, as challenges name it.
	methodPasskey = "passkey"

	passkeyField = "passkey" // what an authenticator has made or signed
	optionsField = "options" // what it is asked for, in a challenge that may be answered again

	// maxObject is the longest of both, in bytes, as in the JSON interface.
	maxObject = 16 << 10
)

// asksForPasskeys reports whether browsers use passkeys at the origin that was asked.
func (v *visit) asksForPasskeys() bool {
	return v.parts.Admin.HasPasskeys() && v.who.Host != "" && v.who.Scheme+"://"+v.who.Host == v.parts.PasskeyOrigin
}

// object is a field with JSON, "" where it was not sent, or is too long.
func (v *visit) object(name string) string {
	if value := v.sent.Get(name); len(value) <= maxObject {
		return value
	}
	return ""
}

// answer is what answers a challenge: of a passkey, or the code that was typed.
func (v *visit) answer() string {
	if signed := v.object(passkeyField); signed != "" {
		return signed
	}
	return v.code()
}

// offerToLogIn asks for any passkey, of a person who has not said who it is. nil where
// there are none.
func (v *visit) offerToLogIn() *look.Passkey {
	if !v.asksForPasskeys() {
		return nil
	}
	challenge, err := v.parts.Admin.LogInByPasskey(v.r.Context())
	if err != nil {
		v.parts.Log.Error("no challenge for passkeys", "error", err)
		return nil
	}
	asked := &look.Passkey{
		Form: look.Form{
			Action: "/login/passkey", Submit: "log_in.passkey",
			Hidden: append(v.hidden(carriedOn...), look.Hidden{Name: "challenge", Value: challenge.ID}),
		},
		Options: string(challenge.Shown[methodPasskey]),
		Offered: v.object(passkeyField) == "", // the browser would offer the one again that was not taken
	}
	v.complete(&asked.Form)
	return asked
}

// logInByPasskey ends a log-in that named no account. Another try has another challenge.
func (v *visit) logInByPasskey() {
	signed := v.object(passkeyField)
	if signed == "" {
		v.status = http.StatusBadRequest
		v.wrong("", v.say("fault.passkey_late"))
		v.showLogIn()
		return
	}
	if err := v.begin(signed); err != nil {
		v.refused(err)
		v.showLogIn()
	}
}

// askForPasskey is the form that has a passkey of the account sign the challenge of the
// form before. nil where the account has none, or this is not where they are used.
func (v *visit) askForPasskey(action string, back look.Link) *look.Passkey {
	if v.object(optionsField) == "" || !v.asksForPasskeys() {
		return nil
	}
	asked := &look.Passkey{
		Form: look.Form{
			Action: action, Submit: "code.passkey", Back: &back,
			Hidden: append(v.hidden(stillAsked...), look.Hidden{Name: optionsField, Value: v.object(optionsField)}),
		},
		Options: v.object(optionsField),
	}
	v.complete(&asked.Form)
	return asked
}

// showPasskeys lists the own passkeys. It keeps the name of one that was not added.
func (v *visit) showPasskeys() {
	keys, err := v.parts.Admin.PasskeysOf(v.r.Context(), v.who.Subject)
	if err != nil {
		v.refused(err)
		v.failed("passkeys.heading", "/account/", "account.heading")
		return
	}
	p := v.showing("passkeys", "passkeys.heading")
	page := passkeysPage{None: len(keys) == 0}
	for _, key := range keys {
		page.Keys = append(page.Keys, v.passkey(key))
	}
	if v.asksForPasskeys() {
		page.Add = &look.Form{
			Action: "/account/passkeys", Submit: "passkeys.add",
			Fields: []look.Field{{Name: "name", Label: "field.passkey_name", Hint: "hint.passkey_name"}},
		}
		v.complete(page.Add)
	} else {
		page.Elsewhere = v.say("passkeys.elsewhere", v.parts.PasskeyOrigin)
	}
	p.Wrong, p.Data = v.faults, page
	v.write(p)
}

type passkeysPage struct {
	None      bool
	Keys      []passkey
	Add       *look.Form
	Elsewhere string // where passkeys are used, when it is not here
}

// A passkey as the page shows it.
type passkey struct {
	Name   string
	Facts  []look.Fact
	Remove look.Form
}

func (v *visit) passkey(key pip.Passkey) passkey {
	used, kept := v.say("passkeys.never"), v.say("passkeys.kept_there")
	if !key.LastUsed.IsZero() {
		used = at(key.LastUsed)
	}
	if key.Synced {
		kept = v.say("passkeys.kept_synced")
	}
	shown := passkey{
		Name: key.Name,
		Facts: []look.Fact{
			{Word: "passkeys.added", Text: at(key.Created)}, {Word: "passkeys.used", Text: used}, {Word: "passkeys.kept", Text: kept},
		},
		Remove: look.Form{Action: "/account/passkeys/" + key.ID + "/remove", Submit: "passkeys.remove", Class: "danger"},
	}
	if key.Name == "" {
		shown.Name = v.say("passkeys.lost")
	}
	v.complete(&shown.Remove)
	return shown
}

// offerPasskey has the browser make a new one, under a name that was typed.
func (v *visit) offerPasskey() {
	name, fits := pip.PasskeyName(v.text("name"))
	if !fits || !v.asksForPasskeys() {
		v.status = http.StatusBadRequest
		v.wrong("name", v.say("fault.field.name"))
		v.showPasskeys()
		return
	}
	from := v.client
	var err error
	if v.parts.Stations != nil {
		from.At, err = v.parts.Stations.At(v.r.Context(), from)
	}
	if err != nil {
		v.refused(err)
		v.showPasskeys()
		return
	}
	challenge, err := v.parts.Admin.OfferPasskey(v.r.Context(), from, v.who.Subject, v.who.Session)
	if err != nil {
		v.refused(err)
		v.showPasskeys()
		return
	}
	making := &look.Passkey{
		Form: look.Form{
			Action: "/account/passkeys/confirm", Submit: "passkeys.make",
			Hidden: []look.Hidden{{Name: "name", Value: name}, {Name: "challenge", Value: challenge.ID}},
			Back:   &look.Link{Path: "/account/passkeys", Word: "look.back"},
		},
		Create: true, Options: string(challenge.Shown[methodPasskey]),
	}
	v.complete(&making.Form)
	v.message("passkeys.add", look.Content{Text: []string{v.say("passkeys.making", name)}, Passkey: making})
}

func (v *visit) confirmPasskey() {
	made := v.object(passkeyField)
	if made == "" {
		v.status = http.StatusBadRequest
		v.wrong("", v.say("fault.passkey_late"))
		v.showPasskeys()
		return
	}
	if _, err := v.parts.Admin.AddPasskey(v.r.Context(), v.client, v.who.Subject, v.who.Session, v.text("challenge"), v.text("name"), made); err != nil {
		v.refused(err)
		v.showPasskeys()
		return
	}
	v.leave("/account/passkeys")
}

func (v *visit) removePasskey() {
	if err := v.parts.Admin.RemovePasskey(v.r.Context(), v.client, v.who.Subject, v.who.Session, v.r.PathValue("passkey")); err != nil {
		v.refused(err)
		v.showPasskeys()
		return
	}
	v.leave("/account/passkeys")
}

// asked notes how a challenge is answered, for the forms that name it.
func (v *visit) asked(challenge pip.Challenge) {
	v.sent.Set("challenge", challenge.ID)
	for field, said := range map[string]bool{
		"mailed": slices.Contains(challenge.Methods, methodEmail),
		"app":    slices.Contains(challenge.Methods, methodApp),
	} {
		v.sent.Del(field)
		if said {
			v.sent.Set(field, "yes")
		}
	}
	v.sent.Set(optionsField, string(challenge.Shown[methodPasskey]))
}

// stillAsked goes along with the forms that answer a challenge.
var stillAsked = append(slices.Clone(carriedOn), "challenge", "mailed", "app")

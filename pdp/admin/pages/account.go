package pages

import (
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
)

func (v *visit) account() {
	fields, withheld, err := handler.Own(v.r.Context(), v.parts.Admin)
	if err != nil {
		v.refused(err)
		v.message("account.heading", look.Content{})
		return
	}
	var facts []look.Fact
	for _, name := range []string{"username", "email", "role", "department_id", "staff_id", "patient_id", "id"} {
		value, shown := fields[name]
		if name == "role" && v.look.Has("role."+value) {
			value = v.say("role." + value)
		}
		switch {
		case slices.Contains(withheld, name):
			facts = append(facts, look.Fact{Word: "account." + name, Text: v.say("account.withheld")})
		case shown:
			facts = append(facts, look.Fact{Word: "account." + name, Text: value, Code: len(name) > 2 && name[len(name)-3:] == "_id" || name == "id"})
		}
	}
	v.message("account.heading", look.Content{
		Links: append(v.links(
			"/account/sessions", "sessions.heading",
			"/account/devices", "devices.heading",
			"/account/notices", "notices.heading",
			"/account/passkeys", "passkeys.heading",
			"/account/app", "app.heading",
			"/account/badge", "badge.heading",
			"/step-up", "step_up.heading",
			"/logout", "log_out.heading",
		), v.forOfficers()...),
		Facts: facts,
	})
}

// A session as the page shows it.
type session struct {
	Current bool
	Facts   []look.Fact
	End     look.Form
}

type sessionsPage struct {
	Sessions []session
	EndAll   look.Form
}

func (v *visit) sessions() {
	p := v.showing("sessions", "sessions.heading")
	live, err := v.ownSessions()
	if err != nil {
		v.refused(err)
		p.Wrong = v.faults
	}
	page := sessionsPage{EndAll: look.Form{Action: "/account/sessions/end-all", Submit: "sessions.end_all", Class: "danger"}}
	v.complete(&page.EndAll)
	for _, s := range live {
		page.Sessions = append(page.Sessions, v.session(s))
	}
	p.Data = page
	v.write(p)
}

// ownSessions are those that the row condition of this request allows.
func (v *visit) ownSessions() ([]admin.Session, error) {
	account, err := handler.OwnRows(v.who)
	if err != nil {
		return nil, err
	}
	return v.parts.Admin.Sessions(v.r.Context(), account)
}

func (v *visit) session(s admin.Session) session {
	shown := session{
		Current: s.ID == v.who.Session,
		Facts: []look.Fact{
			{Word: "sessions.client", Text: s.Footprint.Browser + ", " + s.Footprint.OS},
			{Word: "sessions.network", Text: s.Footprint.Network},
			{Word: "sessions.begun", Text: at(s.Created)},
			{Word: "sessions.used", Text: at(s.LastUsed)},
		},
		End: look.Form{Action: "/account/sessions/" + s.ID + "/end", Submit: "sessions.end", Class: "second"},
	}
	v.complete(&shown.End)
	return shown
}

// at is a time as people of every language can read it.
func at(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func (v *visit) endSession() {
	account, err := handler.OwnRows(v.who)
	if err == nil {
		err = v.parts.Admin.EndOwn(v.r.Context(), v.client, account, v.r.PathValue("session"))
	}
	if err != nil {
		v.refused(err)
		v.failed("sessions.heading", "/account/sessions", "sessions.heading")
		return
	}
	if v.r.PathValue("session") == v.who.Session {
		v.over()
		v.leave("/login")
		return
	}
	v.leave("/account/sessions")
}

func (v *visit) endSessions() {
	if err := v.parts.Admin.LogOutAll(v.r.Context(), v.client, v.who.Subject); err != nil {
		v.refused(err)
		v.failed("sessions.heading", "/account/sessions", "sessions.heading")
		return
	}
	v.over()
	v.message("log_out.done", look.Content{Text: []string{v.say("sessions.all_ended")}, Links: v.links("/login", "log_in.again")})
}

// failed says that something was not done, and leads back.
func (v *visit) failed(heading, path, word string) {
	v.message(heading, look.Content{Links: v.links(path, word)})
}

func (v *visit) app() {
	enrolled, left, err := v.parts.Admin.App(v.r.Context(), v.who.Subject)
	switch {
	case err != nil:
		v.refused(err)
		v.failed("app.heading", "/account/", "account.heading")
	case enrolled:
		v.message("app.heading", look.Content{
			Text: []string{v.say("app.enrolled"), v.say("app.left", left)},
			Form: &look.Form{Action: "/account/app/remove", Submit: "app.remove", Class: "danger", Back: &look.Link{Path: "/account/", Word: "look.back"}},
		})
	default:
		v.message("app.heading", look.Content{
			Text: []string{v.say("app.none")},
			Form: &look.Form{Action: "/account/app", Submit: "app.add", Back: &look.Link{Path: "/account/", Word: "look.back"}},
		})
	}
}

// offerApp shows the secret of a new app, once.
func (v *visit) offerApp() {
	secret, uri, err := v.parts.Admin.OfferApp(v.r.Context(), v.client, v.who.Subject, v.who.Session)
	if err != nil {
		v.refused(err)
		v.failed("app.heading", "/account/app", "app.heading")
		return
	}
	drawn, err := pictureOf(uri)
	if err != nil { // the key can be typed all the same
		v.parts.Log.Error("no picture of an app's key", "length", len(uri))
	}
	p := v.showing("app", "app.add")
	form := v.confirming()
	v.complete(form)
	p.Data = appPage{
		Text: v.say("app.secret"), Picture: drawn, Form: form,
		Facts: []look.Fact{{Word: "app.key", Text: secret, Code: true}, {Word: "app.address", Text: uri, Code: true}},
	}
	v.write(p)
}

// An appPage shows the secret of a new app: as a picture, and as texts.
type appPage struct {
	Text    string
	Picture *picture
	Facts   []look.Fact
	Form    *look.Form
}

func (v *visit) confirming() *look.Form {
	return &look.Form{
		Action: "/account/app/confirm", Submit: "app.confirm",
		Fields: []look.Field{{Name: "code", Kind: look.Code, Label: "field.code", Hint: "hint.app_code"}},
		Back:   &look.Link{Path: "/account/app", Word: "code.anew"},
	}
}

func (v *visit) confirmApp() {
	if !v.required("code") {
		v.message("app.add", look.Content{Text: []string{v.say("app.wrong")}, Form: v.confirming()})
		return
	}
	recovery, err := v.parts.Admin.ConfirmApp(v.r.Context(), v.client, v.who.Subject, v.who.Session, v.code())
	if err != nil {
		v.refused(err, "code")
		v.message("app.add", look.Content{Text: []string{v.say("app.wrong")}, Form: v.confirming()})
		return
	}
	p := v.showing("recovery", "app.done")
	p.Data = recoveryPage{Codes: recovery, Links: v.links("/account/app", "app.heading")}
	v.write(p)
}

type recoveryPage struct {
	Codes []string
	Links []look.Link
}

func (v *visit) removeApp() {
	if err := v.parts.Admin.RemoveApp(v.r.Context(), v.client, v.who.Subject, v.who.Session); err != nil {
		v.refused(err)
		v.failed("app.heading", "/account/app", "app.heading")
		return
	}
	v.leave("/account/app")
}

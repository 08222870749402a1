package pages

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/wardgate/wardgate/internal/look"
)

const (
	badgeField = "badge"
	pinField   = "pin"
	// withField, at the log-in's page, says that a password is meant at a workstation too.
	withField    = "with"
	withPassword = "password"
)

// taps serves badge and PIN at workstations, and what an account has of them.
func (p *Pages) taps() {
	if p.parts.Stations == nil || !p.parts.Admin.HasBadges() {
		return
	}
	p.form("/tap", (*visit).showTap, (*visit).tap)
	p.form("/account/badge", (*visit).showBadge, (*visit).chooseBadge)
	p.post("/account/badge/remove", (*visit).showBadge, (*visit).removeBadge)
}

// stationed reports whether this browser is at a workstation, where people show badges.
func (v *visit) stationed() bool {
	if v.parts.Stations == nil || !slices.Contains(v.paths, "GET /tap") {
		return false
	}
	at, err := v.parts.Stations.At(v.r.Context(), v.client)
	if err != nil {
		v.parts.Log.Error("workstation not known", "error", err)
	}
	return err == nil && at != nil
}

// toTap leads a browser without a session to badge and PIN, at a workstation.
func (v *visit) toTap() bool {
	if v.r.Method != http.MethodGet || v.carried(withField) != "" || !v.stationed() {
		return false
	}
	v.leave("/tap" + v.onwards())
	return true
}

// onwards is the query that carries on where to go afterwards.
func (v *visit) onwards() string {
	query := url.Values{}
	for _, name := range carriedOn {
		if value := v.carried(name); value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// showTap asks for the badge, and then for the PIN: a reader types the number and Enter.
func (v *visit) showTap() {
	query := url.Values{withField: {withPassword}}
	for _, name := range carriedOn {
		if value := v.carried(name); value != "" {
			query.Set(name, value)
		}
	}
	links := []look.Link{{Path: "/login?" + query.Encode(), Word: "tap.log_in"}}
	if !v.stationed() {
		v.message("tap.heading", look.Content{Text: []string{v.say("tap.elsewhere")}, Links: links})
		return
	}
	f := look.Form{Action: "/tap", Submit: "tap.submit", Hidden: v.hidden(carriedOn...)}
	text := "tap.badge_first"
	if v.text(badgeField) == "" {
		f.Fields = []look.Field{{Name: badgeField, Kind: look.Username, Label: "field.badge", Hint: "hint.badge"}}
	} else {
		text = "tap.pin_next"
		f.Hidden = append(f.Hidden, v.hidden(badgeField)...)
		f.Fields = []look.Field{{Name: pinField, Kind: look.Password, Label: "field.pin"}}
		f.Back = &look.Link{Path: "/tap" + v.onwards(), Word: "tap.anew"}
	}
	v.message("tap.heading", look.Content{Text: []string{v.say(text)}, Form: &f, Links: links})
}

func (v *visit) tap() {
	if !v.required(badgeField) {
		v.showTap()
		return
	}
	if v.text(pinField) == "" {
		if v.sent.Has(pinField) {
			v.required(pinField)
		}
		v.showTap()
		return
	}
	before := v.place()
	handle, err := v.parts.Browsers.Resume(v.r.Context(), v.client, v.text(badgeField), v.text(pinField))
	if err == nil {
		err = v.supersede(before, handle)
	}
	if err != nil {
		v.sent.Del(badgeField)
		v.refused(err)
		v.showTap()
		return
	}
	v.hold(handle)
	if v.client.Station != "" {
		v.keepStation(v.client.Station) // for as long again
	}
	v.goOn(handle)
}

// A badgePage is what an account has of badge and PIN.
type badgePage struct {
	Facts  []look.Fact
	Choose look.Form
	Remove *look.Form // nil where there is nothing to remove
}

func (v *visit) showBadge() {
	number, pin, err := v.parts.Admin.Badge(v.r.Context(), v.who.Subject)
	if err != nil {
		v.refused(err)
		v.failed("badge.heading", "/account/", "account.heading")
		return
	}
	has := map[bool]string{true: v.say("badge.yes"), false: v.say("badge.no")}
	page := badgePage{
		Facts: []look.Fact{{Word: "field.badge", Text: has[number]}, {Word: "field.pin", Text: has[pin]}},
		Choose: look.Form{
			Action: "/account/badge", Submit: "badge.submit",
			Fields: []look.Field{
				{Name: badgeField, Kind: look.Username, Label: "field.badge", Hint: "hint.badge_kept", Optional: true},
				{Name: pinField, Kind: look.NewPassword, Label: "field.pin", Hint: "hint.pin", Optional: true},
			},
			Back: &look.Link{Path: "/account/", Word: "look.back"},
		},
	}
	v.complete(&page.Choose)
	if number || pin {
		page.Remove = &look.Form{Action: "/account/badge/remove", Submit: "badge.remove", Class: "danger"}
		v.complete(page.Remove)
	}
	p := v.showing("badge", "badge.heading")
	p.Data = page
	v.write(p)
}

func (v *visit) chooseBadge() {
	if v.text(badgeField) == "" && v.text(pinField) == "" {
		v.status = http.StatusBadRequest
		v.wrong(badgeField, v.say("fault.required."+badgeField))
		v.showBadge()
		return
	}
	v.changedBadge(v.parts.Admin.ChooseBadge(v.r.Context(), v.client, v.who.Subject, v.text(badgeField), v.text(pinField)), "badge.saved")
}

func (v *visit) removeBadge() {
	v.changedBadge(v.parts.Admin.RemoveBadge(v.r.Context(), v.client, v.who.Subject, v.who.Subject), "badge.removed")
}

// changedBadge leads back to the page, which says by a word what was done.
func (v *visit) changedBadge(err error, done string) {
	if err != nil {
		v.refused(err)
		v.sent.Del(badgeField)
		v.showBadge()
		return
	}
	v.leaveDone("/account/badge", done)
}

package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pdp/admin/browser"
)

const (
	// nextField names where to go after a log-in or a step-up: an address of this
	// origin, or its path alone, or an address of an application's.
	nextField = "next"
	// nonceField is the hash of what the browser got at the application.
	nonceField = "nonce"
	// elevatedField says that the application asked for a fresh factor.
	elevatedField = "elevated"

	// redeemPath is where an application's origin takes a session that is carried to it.
	redeemPath = "/.wardgate/session"
	codeField  = "code"
)

// carriedOn goes along from the address that leads to a log-in to its end.
var carriedOn = []string{nextField, nonceField, elevatedField}

// goOn leads to where the log-in was asked for. handle is the browser's, which a
// session is carried from. No elevation goes along: an address alone asks for no factor.
func (v *visit) goOn(handle string) { v.lead(handle, false) }

// goOnElevated leads to where the step-up was asked for, which the person has just
// completed. The elevation goes along where an application asked for it.
func (v *visit) goOnElevated(handle string) { v.lead(handle, v.carried(elevatedField) != "") }

func (v *visit) lead(handle string, elevated bool) {
	next := v.carried(nextField)
	if path, own := strings.CutPrefix(next, v.who.Scheme+"://"+v.who.Host+"/"); own && v.who.Host != "" {
		next = "/" + path
	}
	origin, path := v.application(next)
	if origin == "" {
		v.leave(ownPath(next))
		return
	}
	code, err := v.parts.Browsers.Carry(v.r.Context(), v.client, browser.Passage{
		Handle: handle, To: origin, Nonce: v.carried(nonceField), Elevated: elevated,
	})
	if err != nil {
		v.refused(err)
		v.message("carry.heading", look.Content{Text: []string{v.say("carry.failed")}, Links: v.links("/", "home.heading")})
		return
	}
	v.redirect(origin + redeemPath + "?" + url.Values{codeField: {code}, nextField: {path}}.Encode())
}

// application is the configured origin that an address begins with, exactly, and
// the path there; "" for what is none.
func (v *visit) application(address string) (origin, path string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.User != nil || u.Opaque != "" {
		return "", ""
	}
	origin = u.Scheme + "://" + u.Host
	if !slices.Contains(v.parts.Origins(), origin) {
		return "", ""
	}
	return origin, ownPath((&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String())
}

// ownPath is a path of this origin, with its query, or "/" for everything else. What
// a browser could read as another host is none: "//host", "/\host", "https:…".
func ownPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || r < 0x21 || r == 0x7f }) {
		return "/"
	}
	return next
}

// redeem gives the browser its handle on an application's origin.
func (v *visit) redeem() {
	handle, err := v.parts.Browsers.Redeem(v.r.Context(), v.client, v.carried(codeField), v.r.Header.Get(assertion.NonceHeader))
	if err != nil {
		v.refused(err)
		v.message("carry.heading", look.Content{Text: []string{v.say("carry.again")}})
		return
	}
	v.hold(handle)
	v.redirect(ownPath(v.carried(nextField)))
}

// leave sends the browser to another own page.
func (v *visit) leave(path string) {
	v.redirect(look.Page{Language: v.language, Chosen: v.chosen}.To(path))
}

func (v *visit) redirect(address string) {
	look.Guard(v.w.Header())
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("Location", address)
	v.w.WriteHeader(http.StatusSeeOther)
}

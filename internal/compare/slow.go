package main

import (
	"fmt"
	"time"
)

// What hashes a password or ends a session.

// forbiddenChange asks for a change that the role never has, which ends the
// session.
func (h *harness) forbiddenChange(w *world) error {
	p := h.aPerson(w)
	for _, r := range h.rows(w, p) {
		if !r.mayChange(p.role) && h.chance(30) {
			q := h.request(r, p)
			q.what = p.name + " oversteps"
			q.after = h.then(watch(p), func(a *answer) { p.ended = p.ended || a.status == 403 && q.from == onSite })
			return h.ask(q)
		}
	}
	return nil
}

// failedLogIn guesses passwords and codes, as a client without a session.
func (h *harness) failedLogIn(w *world) error {
	p := h.aPerson(w)
	email := pick(h, p.email(), p.email(), fmt.Sprintf("nobody%d@demo.hospital.test", h.random.IntN(1000)), "x", " "+p.email(), "DOCTOR@DEMO.HOSPITAL.TEST")
	body := pick(h, asJSON("email", email, "password", "not-the-password"), asJSON("email", email), `{"email":"a","password":7}`, "{}", "", asJSON("email", email, "password", "not-the-password", "device", "x"))
	q := post("/auth/login", body, "User-Agent: "+pick(h, firefox, chrome, "curl/8"))
	// Each from an address of its own: bars of networks are for the last phase.
	q.from = fmt.Sprintf("127.%d.%d.%d", 3+h.random.IntN(50), h.random.IntN(250), 1+h.random.IntN(250))
	q.alone = true
	if h.chance(40) {
		q.target = pick(h, "/auth/login/verify", "/auth/login/resend", "/auth/refresh", "/auth/machine", "/auth/step-up/verify", "/auth/signup/verify", "/auth/reset")
		q.body = pick(h, asJSON("challenge", "NOSUCHCHALLENGENOSUCHCHALL", "code", "000000"), "{}", asJSON("refresh_token", "x"), asJSON("key", "wgm_x"), asJSON("email", email, "code", "000000"),
			asJSON("challenge", "x", "code", "1", "password", "a-longer-password"), asJSON("challenge", "x", "code", "1", "password", "short"))
	}
	q.what = "somebody guesses"
	return h.ask(q)
}

// signUp makes an account that waits for approval, or fails to.
func (h *harness) signUp(w *world) error {
	w.signed++
	name := fmt.Sprintf("newcomer%d", w.signed)
	email := name + "@demo.hospital.test"
	role := pick(h, "doctor", "nurse", "patient", "security", "machine", "king")
	body := asJSON("username", name, "email", email, "password", "Long-enough-"+name, "role", role)
	if h.chance(25) {
		body = pick(h, asJSON("username", name, "email", "doctor@demo.hospital.test", "password", "Long-enough-1", "role", "nurse"), asJSON("username", "doctor", "email", email, "password", "Long-enough-1", "role", "nurse"),
			asJSON("username", name, "email", email, "password", "short", "role", "nurse"), asJSON("username", name, "email", "x", "password", "Long-enough-1", "role", "nurse"), "{}",
			asJSON("username", name, "email", email, "password", "Long-enough-1", "role", "patient", "patient_number", "P-D00001", "enrolment_code", "wrong"))
	}
	first := post("/auth/signup", body, "User-Agent: "+firefox)
	first.what, first.learn = "somebody signs up", mailed("code "+name, email)
	second := post("/auth/signup/verify", asJSON("email", email, "code", symbol("code "+name)), "User-Agent: "+firefox)
	second.what = "somebody proves an address"
	if err := h.askAll(first, second); err != nil {
		return err
	}
	officer := w.person("officer")
	list := h.read(officer, "/api/admin/users?limit=200")
	return h.ask(list)
}

// forgot replaces the password of an account by itself.
func (h *harness) forgot(w *world) error {
	p := w.person(pick(h, "visitor", "locum"))
	email := pick(h, p.email(), p.email(), "nobody@demo.hospital.test")
	first := post("/auth/forgot", asJSON("email", email), p.as()...)
	first.what, first.learn = "somebody forgot", all(take("reset", "challenge"), mailed("reset code", p.email()))
	second := post("/auth/reset", asJSON("challenge", symbol("reset"), "code", pick(h, symbol("reset code"), symbol("reset code"), "000000"), "password", password), p.as()...)
	second.what = "somebody resets"
	second.after = func(a *answer) { p.ended = p.ended || a.status == 204 }
	return h.askAll(first, second)
}

func (h *harness) elevate(w *world) error {
	p := h.aPerson(w)
	if p.ended {
		return nil
	}
	return h.stepUp(p)
}

// ban has a security officer ban an account, looks, and lifts it.
func (h *harness) ban(w *world) error {
	officer, victim := w.person("officer"), w.person(pick(h, "visitor", "locum", "doctor2"))
	if officer.ended || officer.banned {
		return nil
	}
	order := func(what, body string) *request {
		r := post("/api/admin/users/"+victim.id()+"/"+what, body, officer.bearing(officer.token())...)
		r.what, r.after = "officer orders "+what, watch(officer)
		return r
	}
	if h.chance(40) {
		r := order("revoke", "{}")
		r.after = func(a *answer) { watch(officer)(a); victim.ended = victim.ended || a.status == 204 }
		return h.ask(r)
	}
	again := post("/auth/login", asJSON("email", victim.email(), "password", password), victim.as()...)
	again.what = victim.name + " logs in, banned"
	again.learn = all(take("challenge "+victim.name, "challenge"), mailed("code "+victim.name, victim.email()))
	proves := post("/auth/login/verify", asJSON("challenge", symbol("challenge "+victim.name), "code", symbol("code "+victim.name)), victim.as()...)
	proves.what = victim.name + " proves the code, banned"
	victim.ended = true
	return h.askAll(order("ban", `{"minutes":60,"reason":"drill"}`), h.read(victim, "/api/me"), h.read(victim, "/api/patients"), h.read(officer, "/api/admin/bans"), again, proves, order("unban", "{}"), h.read(victim, "/api/me"))
}

// refreshes begins a new token, and now and then tries the used one again.
func (h *harness) refreshes(w *world) error {
	p := h.aPerson(w)
	if p.ended || time.Since(p.begun) < 15*time.Second {
		return nil // a refresh comes no earlier than 9 seconds after the last
	}
	if err := h.refresh(p); err != nil || h.chance(60) {
		return err
	}
	// A used token ends its family.
	r := post("/auth/refresh", asJSON("refresh_token", symbol("refreshed "+p.name)), p.as()...)
	r.what = p.name + " refreshes with the used token"
	p.ended = true
	return h.askAll(r, h.read(p, "/api/me"))
}

func (h *harness) logOut(w *world) error {
	p := h.aPerson(w)
	if p.ended {
		return nil
	}
	r := post(pick(h, "/auth/logout", "/auth/logout-all"), "{}", p.bearing(p.token())...)
	r.what = p.name + " logs out"
	p.ended = true
	return h.askAll(r, h.read(p, "/api/me"))
}

// machine logs the machine in.
func (h *harness) machine(*world) error {
	r := post("/auth/machine", asJSON("key", symbol("key badges")), "User-Agent: siem/1")
	r.what, r.learn = "the machine logs in", take("token badges", "access_token")
	return h.ask(r)
}

// signal has the machine report events of its system.
func (h *harness) signal(w *world) error {
	event := pick(h, `{"event":{"category":["authentication"],"outcome":"failure"},"user":{"email":"`+h.aPerson(w).email()+`"}}`,
		`{"event":{"category":["authentication"],"outcome":"failure"},"source":{"ip":"127.9.9.9"}}`, `{"event":{"category":"x"}}`, `{}`, `7`)
	body := pick(h, `{"events":[`+event+`]}`, `{"events":[`+event+`,`+event+`]}`, `{"events":[]}`, `{}`, `{"events":{}}`)
	r := post("/api/signals", body, "User-Agent: siem/1", "Authorization: Bearer "+symbol("token badges"))
	r.what = "the machine reports"
	return h.ask(r)
}

// authenticator offers and refuses a second factor.
func (h *harness) authenticator(w *world) error {
	p := w.person(pick(h, "nurse", "patient"))
	token := p.token()
	if p.isElevated() {
		token = p.higher()
	}
	offer := post("/api/me/totp", "{}", p.bearing(token)...)
	offer.what, offer.after = p.name+" wants an app", watch(p)
	confirm := post("/api/me/totp/confirm", asJSON("code", "000000"), p.bearing(token)...)
	confirm.what, confirm.after = p.name+" confirms an app", watch(p)
	remove := &request{to: pep, from: onSite, method: "DELETE", target: "/api/me/totp", header: p.bearing(token), what: p.name + " removes the app", after: watch(p)}
	return h.askAll(offer, confirm, remove)
}

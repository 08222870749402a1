package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	password = "Wardgate-demo-2026"
	firefox  = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	chrome   = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)

// A person has an account, and perhaps a session.
type person struct {
	name, role string
	agent      string
	ended      bool      // as the old side says: the token is good for nothing any more
	elevated   time.Time // when a token of a step-up was made; zero for none
	banned     bool
	begun      time.Time // when the token was made
}

func (p *person) email() string  { return p.name + "@demo.hospital.test" }
func (p *person) token() string  { return symbol("token " + p.name) }
func (p *person) higher() string { return symbol("elevated " + p.name) }

// isElevated reports whether the step-up's token is good for a while.
func (p *person) isElevated() bool { return time.Since(p.elevated) < tokenLife }

func (p *person) id() string { return symbol("id " + p.name) }

func asJSON(pairs ...string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:", pairs[i])
		if value := pairs[i+1]; strings.HasPrefix(value, "\x01") {
			b.WriteString(`"` + value + `"`) // a symbol is filled in when it is sent
		} else {
			text, _ := json.Marshal(value)
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.String()
}

// post is a request with a JSON body.
func post(target, body string, header ...string) *request {
	return &request{to: pep, from: onSite, method: "POST", target: target, body: body,
		header: append([]string{"Content-Type: application/json"}, header...)}
}

func (p *person) as() []string { return []string{"User-Agent: " + p.agent} }

func (p *person) bearing(token string) []string {
	return []string{"User-Agent: " + p.agent, "Authorization: Bearer " + token}
}

// take keeps a member of the answer's body under a symbol.
func take(name, member string) func(*side, *answer) {
	return func(s *side, a *answer) {
		var o map[string]any
		if json.Unmarshal(a.body, &o) == nil {
			if text, is := o[member].(string); is {
				s.known[name] = text
			}
		}
	}
}

func all(each ...func(*side, *answer)) func(*side, *answer) {
	return func(s *side, a *answer) {
		for _, one := range each {
			one(s, a)
		}
	}
}

// mailed keeps the code that was mailed to an address.
func mailed(name, email string) func(*side, *answer) {
	return func(s *side, _ *answer) { s.known[name] = s.code(email) }
}

// logIn is what it takes to have a session.
func (h *harness) logIn(p *person) error {
	first := post("/auth/login", asJSON("email", p.email(), "password", password), p.as()...)
	first.what = p.name + " logs in"
	first.learn = all(take("challenge "+p.name, "challenge"), mailed("code "+p.name, p.email()))
	second := post("/auth/login/verify", asJSON("challenge", symbol("challenge "+p.name), "code", symbol("code "+p.name)), p.as()...)
	second.what = p.name + " proves the code"
	second.learn = all(take("token "+p.name, "access_token"), take("refresh "+p.name, "refresh_token"), take("device "+p.name, "device"))
	second.once = true
	second.after = func(a *answer) {
		p.ended, p.elevated, p.begun = a.status != 200, time.Time{}, time.Now()
	}
	return h.again(first, second)
}

// again asks until both sides had time, from the beginning each time.
func (h *harness) again(list ...*request) error {
	for range patience {
		if err := h.askAll(list...); !errors.Is(err, errTorn) {
			return err
		}
	}
	return errTorn
}

// stepUp gives the person a token of a higher level, beside the other.
func (h *harness) stepUp(p *person) error {
	first := post("/auth/step-up", "{}", p.bearing(p.token())...)
	first.what = p.name + " begins a step-up"
	first.learn = all(take("challenge "+p.name, "challenge"), mailed("code "+p.name, p.email()))
	second := post("/auth/step-up/verify", asJSON("challenge", symbol("challenge "+p.name), "code", symbol("code "+p.name)), p.bearing(p.token())...)
	second.what = p.name + " steps up"
	second.once = true
	second.learn = take("elevated "+p.name, "access_token")
	second.after = func(a *answer) {
		if a.status == 200 {
			p.elevated = time.Now()
		}
	}
	return h.again(first, second)
}

func (h *harness) refresh(p *person) error {
	r := post("/auth/refresh", asJSON("refresh_token", symbol("refresh "+p.name)), append(p.as(), "Idempotency-Key: "+fmt.Sprint("k-", h.sent))...)
	r.what = p.name + " refreshes"
	r.learn = func(s *side, a *answer) {
		s.known["refreshed "+p.name] = s.known["refresh "+p.name]
		all(take("token "+p.name, "access_token"), take("refresh "+p.name, "refresh_token"))(s, a)
	}
	r.after = func(a *answer) {
		if a.status == 200 {
			p.begun = time.Now()
		}
	}
	r.once = true
	err := h.ask(r)
	if errors.Is(err, errTorn) {
		p.ended = true // the two sides may have other tokens now
		return nil
	}
	return err
}

func (h *harness) askAll(list ...*request) error {
	for _, r := range list {
		if err := h.ask(r); err != nil {
			return err
		}
	}
	return nil
}

// reasons are those of a problem document.
func (a *answer) reasons() []string {
	var p struct{ Reasons []string }
	if json.Unmarshal(a.body, &p) != nil {
		return nil
	}
	return p.Reasons
}

// watch notices that a person's session is over.
func watch(p *person) func(*answer) {
	return func(a *answer) {
		if slices.Contains(a.reasons(), "session_revoked") || slices.Contains(a.reasons(), "subject_banned") {
			p.ended = true
		}
	}
}

// get reads as a person, on the old side, what both sides are then asked about.
func (h *harness) get(p *person, target string, into func(*side, *answer)) error {
	return h.ask(&request{to: pep, from: onSite, method: "GET", target: target, header: p.bearing(p.token()), what: p.name + " looks around", learn: into})
}

package pep

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/jar"
)

// jarOf has the cookies of the application that is asked, where it has some: at a host of
// its own, in a session by cookie that goes on. Else nil: no cookie goes either way.
func (p *Proxy) jarOf(x *exchange, application string, policy *jar.Policy) *jar.Jar {
	if policy.None() || p.browsers == nil || x.hosted != application || x.credential.Presented != pdp.PresentedCookie ||
		x.credential.State != pdp.CredentialValid || x.credential.Session == "" || !x.live() {
		return nil
	}
	return jar.New(p.browsers.sealer, policy, x.at, application, x.credential.Session)
}

// bringCookies gives an application those of its cookies that the browser brought and that
// are of this session.
func (p *Proxy) bringCookies(x *exchange, application string, policy *jar.Policy, h http.Header) {
	x.jar = p.jarOf(x, application, policy)
	if x.jar == nil {
		return
	}
	line, refused, err := x.jar.Take(x.incoming.Header)
	if err != nil {
		p.cfg.Log.Error("no cookie of an application was read", "decision", x.id, "application", application, "error", err)
		x.jar = nil
		return
	}
	p.refusedCookies(slog.LevelInfo, "cookies of an application that a browser brought do not go on to it", x, refused)
	if line != "" {
		h["Cookie"] = []string{line}
	}
}

// giveCookies writes into an answer that is ready what the browser gets of the lines that
// its application set. With an answer of which something is taken out it gets none.
func (p *Proxy) giveCookies(x *exchange, lines []string, h http.Header) {
	if x.jar == nil {
		return
	}
	p.forgetForeign(x, h)
	if len(lines) == 0 {
		return
	}
	const why = "cookies that an application set do not reach the browser"
	if len(x.effects.Answers) > 0 {
		p.refusedCookies(slog.LevelWarn, why, x, jar.Refused{jar.Masked: len(lines)})
		return
	}
	given, refused, err := x.jar.Give(lines, x.target.Path, x.now)
	if err != nil {
		p.cfg.Log.Error(why, "decision", x.id, "application", x.application(), "error", err)
		return
	}
	p.refusedCookies(slog.LevelWarn, why, x, refused)
	for _, line := range given {
		h.Add("Set-Cookie", line)
	}
}

// forgetForeign has the browser forget what it brought of another session.
func (p *Proxy) forgetForeign(x *exchange, h http.Header) {
	if x.jar == nil {
		return
	}
	for _, line := range x.jar.Forgotten() {
		h.Add("Set-Cookie", line)
	}
}

// refusedCookies tells operators how many and why. What they are called may be a secret as
// well as what they hold.
func (p *Proxy) refusedCookies(level slog.Level, what string, x *exchange, refused jar.Refused) {
	if len(refused) > 0 {
		p.cfg.Log.Log(context.Background(), level, what, "decision", x.id, "application", x.application(), "refused", map[string]int(refused))
	}
}

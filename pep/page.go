package pep

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/session"
)

// Paths of the home, and parameters of their queries. Where a person came from is the
// whole address, of a configured origin; from another origin than the home it goes with
// the digest of a nonce that the browser got there.
const (
	logInPath  = "/login"
	logOutPath = "/logout"
	stepUpPath = "/step-up"
	tapPath    = "/tap"

	nextParameter     = "next"
	nonceParameter    = "nonce"
	elevatedParameter = "elevated" // the fresh factor is meant for the origin that it leads back to

	maxNext = 2048 // bytes of an address to come back to; of a longer one the query is left out
)

// words of the pages on which a refusal is told to a person.
var words = look.Words{
	"refused.heading.401":     text("Log in", "تسجيل الدخول"),
	"refused.heading.step_up": text("Confirm that it is you", "أكّد هويتك"),
	"refused.heading.404":     text("There is nothing here", "لا يوجد شيء هنا"),
	"refused.heading.429":     text("Too many requests", "طلبات كثيرة جدًا"),
	"refused.heading.503":     text("Not available now", "غير متاح الآن"),
	"refused.heading":         text("This is not allowed", "هذا غير مسموح"),
	"refused.log_in":          text("Log in", "سجّل الدخول"),
	"refused.log_out":         text("Log out, and log in again", "سجّل الخروج ثم سجّل الدخول من جديد"),
	"refused.step_up":         text("Confirm with a second factor", "أكّد بعامل ثانٍ"),
	"refused.tap":             text("Show your badge and type your PIN", "أظهر بطاقتك واكتب رقمك السري"),
	"refused.home":            text("Go to the start page", "اذهب إلى الصفحة الرئيسية"),
	"refused.decision":        text("Number of this decision, for the person who helps you", "رقم هذا القرار، لمن يساعدك"),
}

func text(en, ar string) map[string]string { return map[string]string{"en": en, "ar": ar} }

// A view is how a person is asking.
type view int

const (
	byCall     view = iota // a program, or a script of a page: it reads problem documents
	byForm                 // a form was sent, and the answer replaces the page
	byFollowed             // a link, or an address that was typed: it can be asked again
)

// viewOf tells navigations from calls. A browser says so itself in Fetch Metadata,
// which no page can write; without it a navigation is what asks for a page by name, and
// shows in no way that a program asks.
func viewOf(x *exchange) view {
	h := x.incoming.Header
	for _, name := range []string{"Authorization", "Upgrade", "X-Requested-With"} {
		if len(h[name]) > 0 {
			return byCall
		}
	}
	mode, to, site := h["Sec-Fetch-Mode"], h["Sec-Fetch-Dest"], h["Sec-Fetch-Site"]
	if len(mode)+len(to)+len(site) > 0 {
		if !slices.Equal(mode, []string{"navigate"}) || len(to) > 0 && !slices.Equal(to, []string{"document"}) {
			return byCall
		}
	} else if !asksForPage(h["Accept"]) {
		return byCall
	}
	switch x.incoming.Method {
	case http.MethodGet:
		return byFollowed
	case http.MethodPost:
		return byForm
	default:
		return byCall
	}
}

// asksForPage reports whether HTML is named among what is accepted, and JSON is not.
func asksForPage(accepted []string) bool {
	html := false
	for _, line := range accepted {
		for one := range strings.SplitSeq(line, ",") {
			kind, parameters, _ := strings.Cut(one, ";")
			switch kind = strings.ToLower(strings.TrimSpace(kind)); {
			case strings.HasSuffix(kind, "json"):
				return false
			case kind == "text/html":
				html = !strings.Contains(strings.ReplaceAll(parameters, " ", "")+";", "q=0;")
			}
		}
	}
	return html
}

// An Answer is a whole answer to a browser.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// toBrowser is the answer to a person whose request is refused, or nil where a problem
// document answers: to a call, where there are no pages, and where the refusal must
// cost little.
func (p *Proxy) toBrowser(x *exchange, r *refusal) *Answer {
	if p.browsers == nil || r.throttled || r.status == http.StatusBadRequest || r.status == http.StatusMisdirectedRequest {
		return nil
	}
	seen := viewOf(x)
	if seen == byCall {
		return nil
	}
	fresh := x.freshFactor(r)
	if r.status == http.StatusUnauthorized && !fresh && seen == byFollowed && !p.atLogIn(x) && !x.goesOn() {
		a := &Answer{Status: http.StatusSeeOther, Header: http.Header{"Cache-Control": {"no-store"}, "Vary": {"Cookie"}}}
		a.Header.Set("Location", p.leadTo(logInPath, x, a.Header))
		return a
	}
	a := p.page(x, r, fresh)
	if a != nil && seen == byForm && r.status == http.StatusUnauthorized {
		p.keepTyped(x, a.Header)
	}
	return a
}

// goesOn reports whether the browser's session is one that the home would take for
// logged in: it would lead straight back.
func (x *exchange) goesOn() bool { return x.subject != "" && !x.over }

// freshFactor reports whether a fresh factor would do.
func (x *exchange) freshFactor(r *refusal) bool {
	return r.status == http.StatusUnauthorized && x.effects.Challenge != nil &&
		!slices.ContainsFunc(r.reasons, func(code string) bool { return x.tables.reasons[code].Alone })
}

func (p *Proxy) atLogIn(x *exchange) bool {
	return x.at == p.browsers.home && x.target.Path == logInPath
}

// page tells a person why, and what would help.
func (p *Proxy) page(x *exchange, r *refusal, fresh bool) *Answer {
	_, query, _ := strings.Cut(x.incoming.RequestURI, "?")
	asked, _ := url.ParseQuery(query) // what is none chooses nothing
	language, chosen := look.Choose(asked.Get(look.LanguageParameter), x.incoming.Header.Get("Accept-Language"))
	out := &Answer{Header: http.Header{}}
	c := look.Content{}
	for _, shown := range r.shown {
		if said := p.reasons(x).Sentence(shown, language.Code); !slices.Contains(c.Text, said) {
			c.Text = append(c.Text, said)
		}
	}
	for _, code := range r.shown {
		if ask := p.reasons(x).Ask(code, language.Code); ask != "" && !slices.Contains(c.Text, ask) {
			c.Text = append(c.Text, ask)
		}
	}
	if x.id != "" {
		c.Facts = []look.Fact{{Word: "refused.decision", Text: x.id, Code: true}}
	}
	home := look.Link{Path: p.browsers.home.String() + "/", Word: "refused.home"}
	switch {
	case fresh:
		if x.effects.Challenge.Tap {
			c.Links = []look.Link{{Path: p.leadTo(tapPath, x, out.Header), Word: "refused.tap"}}
		}
		c.Links = append(c.Links, look.Link{Path: p.leadTo(stepUpPath, x, out.Header), Word: "refused.step_up"})
	case slices.Contains(r.reasons, code.CookieMisplaced): // no log-in would help
		c.Links = []look.Link{home}
	case r.status == http.StatusUnauthorized && x.goesOn():
		c.Links = []look.Link{{Path: p.browsers.home.String() + logOutPath, Word: "refused.log_out"}}
	case r.status == http.StatusUnauthorized:
		c.Links = []look.Link{{Path: p.leadTo(logInPath, x, out.Header), Word: "refused.log_in"}}
	default:
		c.Links = []look.Link{home}
	}
	to := &written{header: out.Header}
	err := p.look.Write(to, r.status, look.Page{
		Name: look.Message, Heading: p.look.Say(language, headingOf(r, fresh)), Language: language, Chosen: chosen,
		At: &url.URL{Path: x.target.Path, RawQuery: x.target.Query}, Data: c,
	})
	if err != nil {
		p.cfg.Log.Error("no page", "decision", x.id, "error", err)
		return nil
	}
	_, header := x.problem(r)
	for name, values := range header {
		out.Header[name] = values
	}
	out.Header.Set("Cache-Control", "no-store")
	out.Status, out.Body = to.status, to.body.Bytes()
	return out
}

func headingOf(r *refusal, fresh bool) string {
	switch status := r.status; {
	case fresh:
		return "refused.heading.step_up"
	case slices.Contains(r.reasons, code.CookieMisplaced):
		return "refused.heading"
	case status == http.StatusUnauthorized:
		return "refused.heading.401"
	case status == http.StatusNotFound:
		return "refused.heading.404"
	case status == http.StatusTooManyRequests:
		return "refused.heading.429"
	case status >= http.StatusInternalServerError:
		return "refused.heading.503"
	default:
		return "refused.heading"
	}
}

// leadTo is the address of a page of the home that leads back to where x was, as far
// as browsers have sessions there. On another origin than the home the browser gets a
// nonce, in h, with which the log-in is carried there.
func (p *Proxy) leadTo(path string, x *exchange, h http.Header) string {
	home := p.browsers.home
	back, query := home, url.Values{}
	if x.browsed {
		back = x.at
	}
	switch {
	case x.target.Path == "":
	case x.target.Method == http.MethodGet:
		next := back.String() + x.target.Path
		if whole := next + "?" + x.target.Query; x.target.Query != "" && len(whole) <= maxNext {
			next = whole
		}
		if len(next) <= maxNext {
			query.Set(nextParameter, next)
		}
	case x.sentFrom(back) != "":
		query.Set(nextParameter, x.sentFrom(back))
	}
	if query.Get(nextParameter) == "" {
		query.Set(nextParameter, back.String()+"/")
	}
	if back != home {
		nonce := x.nonce()
		h["Set-Cookie"] = []string{session.NonceCookie(back, nonce).String()}
		sum := sha256.Sum256([]byte(nonce))
		query.Set(nonceParameter, hex.EncodeToString(sum[:]))
		if path == stepUpPath {
			query.Set(elevatedParameter, "yes")
		}
	}
	return home.String() + path + "?" + query.Encode()
}

// fromElsewhere is where the page is at home that a person asked for at an address at which
// browsers have no sessions, and where its forms would be refused; "" for everything else.
func (p *Proxy) fromElsewhere(x *exchange) string {
	if p.browsers == nil || x.browsed || x.application() != administrator || viewOf(x) != byFollowed {
		return ""
	}
	home := p.browsers.home.String() + x.target.Path
	if x.target.Query != "" {
		home += "?" + x.target.Query
	}
	return home
}

// ledHome is what came of a request for a page that is shown at home.
const ledHome = "led_home"

// leadHome answers in place of the application, to which nothing was sent. The evidence of
// it comes first, as that of any answer.
func (p *Proxy) leadHome(w http.ResponseWriter, r *http.Request, x *exchange, home string) {
	if err := p.cameOf(r.Context(), x, &pdp.Outcome{Status: http.StatusSeeOther, Outcome: "failure", Detail: ledHome}); err != nil {
		p.cfg.Log.Error("outcome not journalled", "decision", x.id, "error", err)
		p.answer(w, x, p.refuse(code.JournalMissing))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", home)
	w.WriteHeader(http.StatusSeeOther)
}

// sentFrom is the page of an origin from which a form was sent to it, as the browser says
// (Referer); "" where it does not, or where another site sent it.
func (x *exchange) sentFrom(at session.Origin) string {
	from := x.incoming.Header["Referer"]
	if len(from) != 1 || len(from[0]) > maxNext || session.Site(at, x.incoming.Header) != pdp.SiteOwn {
		return ""
	}
	u, err := url.Parse(from[0])
	if err != nil || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") || u.Scheme+"://"+u.Host != at.String() {
		return ""
	}
	return at.String() + (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}

// nonce is what the browser has on this origin already, so that any of several tabs
// may be the one in which the person logs in, or else a new one, the same for all links.
func (x *exchange) nonce() string {
	has, one := session.Read(x.incoming.Header, session.NonceName(x.at.Scheme))
	if one && handleForm.MatchString(has) {
		return has
	}
	if x.drawn == "" {
		var b [32]byte
		_, _ = rand.Read(b[:]) // it never fails
		x.drawn = base64.RawURLEncoding.EncodeToString(b[:])
	}
	return x.drawn
}

// written holds a page.
type written struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *written) Header() http.Header         { return w.header }
func (w *written) WriteHeader(status int)      { w.status = status }
func (w *written) Write(b []byte) (int, error) { return w.body.Write(b) }

package pages

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
)

// A visit is one request for a page. Who asks, from where, comes from the
// enforcement point's assertion alone.
type visit struct {
	*Pages
	w        http.ResponseWriter
	r        *http.Request
	who      *assertion.Claims
	client   admin.Client
	browser  string     // what tells this browser from others before it has a session; "" for none yet
	sent     url.Values // the form of a POST
	language look.Language
	chosen   bool
	kept     *assertion.Kept // what its author typed before; nil for nothing

	note   string // first on the page
	status int
	faults []look.Fault
	fields map[string]string // what is wrong with each field
}

func (p *Pages) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	v := &visit{Pages: p, w: w, r: r, who: assertion.From(r.Context()), status: http.StatusOK, fields: map[string]string{}}
	if v.who == nil {
		return nil, errors.New("no assertion")
	}
	v.client, v.browser = handler.ClientOf(r), handler.BrowserOf(r)
	v.client.Host = v.who.Host
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	if v.sent, err = url.ParseQuery(string(body)); err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	asked := r.URL.Query().Get(look.LanguageParameter)
	if r.Method == http.MethodPost {
		asked = v.sent.Get(look.LanguageParameter)
	}
	v.language, v.chosen = look.Choose(asked, r.Header.Get("Accept-Language"))
	v.readKept()
	return v, nil
}

// maxText is the longest text that any field may hold, in bytes, as in the JSON
// interface.
const maxText = 1024

// text is a field of the form, "" where it was not sent, or is too long.
func (v *visit) text(name string) string {
	if value := v.sent.Get(name); len(value) <= maxText {
		return value
	}
	return ""
}

// carried is what goes along unseen, from the address of the first page or from
// the form before.
func (v *visit) carried(name string) string {
	if v.r.Method == http.MethodPost {
		return v.text(name)
	}
	if value := v.r.URL.Query().Get(name); len(value) <= maxText {
		return value
	}
	return ""
}

func (v *visit) say(word string, args ...any) string { return v.look.Say(v.language, word, args...) }

// wrong notes a fault of a field, or with "" of the whole form.
func (v *visit) wrong(field, why string) {
	v.faults = append(v.faults, look.Fault{Field: field, Text: why})
	v.fields[field] = why
}

// required notes which fields are empty, and reports whether none is.
func (v *visit) required(names ...string) bool {
	for _, name := range names {
		if v.text(name) == "" {
			v.wrong(name, v.say("fault.required."+name))
		}
	}
	if len(v.faults) > 0 {
		v.status = http.StatusBadRequest
	}
	return len(v.faults) == 0
}

// refused notes what the administrator refused, as the JSON interface answers it.
// fields are those of the form, for faults of one of them.
func (v *visit) refused(err error, fields ...string) {
	d := handler.Document(err)
	v.status = d.Status
	if d.Status == http.StatusServiceUnavailable {
		v.parts.Log.Error("request failed", "path", v.r.Pattern, "error", err)
	}
	if wait := handler.Wait(err); wait > 0 {
		v.w.Header().Set("Retry-After", strconv.FormatInt(int64(wait/time.Second), 10))
		minutes := int64((wait + time.Minute - 1) / time.Minute)
		v.wrong("", v.say("fault.wait", minutes))
		return
	}
	if len(d.Errors) > 0 {
		for _, f := range d.Errors {
			v.wrong(fieldOf(f), v.say("fault.field."+fieldOf(f)))
		}
		return
	}
	field := ""
	if len(fields) > 0 && d.Status == http.StatusUnauthorized && v.object(passkeyField) == "" {
		field = fields[0]
	}
	v.wrong(field, v.reason(d.Reasons))
}

func fieldOf(f problem.Field) string { return strings.TrimPrefix(f.Location, "body.") }

// reason is what the first of the codes means, in words: the pages' own, or those
// of the rule book.
func (v *visit) reason(codes []string) string {
	for _, code := range codes {
		if code == "code_invalid" && v.object(passkeyField) != "" {
			return v.say("reason.passkey_wrong")
		}
		if v.look.Has("reason." + code) {
			return v.say("reason." + code)
		}
		if text := v.parts.Tables().Reasons[code].Text[v.language.Code]; text != "" {
			return text
		}
	}
	return v.say("reason.unknown")
}

// showing is a page with one's own menu.
func (v *visit) showing(name, heading string) look.Page {
	p := look.Page{
		Name: name, Heading: v.say(heading), Language: v.language, Chosen: v.chosen,
		At: v.at(), Wrong: v.faults, FormTargets: v.parts.Origins(), Done: v.done(),
	}
	if v.who.Subject != "" {
		p.Menu = []look.Link{{Path: "/account/", Word: "menu.account"}, {Path: "/logout", Word: "menu.log_out"}}
	} else {
		p.Menu = []look.Link{{Path: "/login", Word: "menu.log_in"}}
	}
	return p
}

// at is where the page, or the one at which its form was begun, can be asked for
// again.
func (v *visit) at() *url.URL {
	if v.r.Method != http.MethodPost {
		return &url.URL{Path: v.r.URL.Path, RawQuery: v.r.URL.RawQuery}
	}
	path := v.r.URL.Path
	for path != "" && !slices.Contains(v.paths, "GET "+path) {
		path = path[:strings.LastIndexByte(path, '/')]
	}
	if path == "" {
		path = "/"
	}
	query := url.Values{}
	for _, name := range carriedOn {
		if value := v.carried(name); value != "" {
			query.Set(name, value)
		}
	}
	return &url.URL{Path: path, RawQuery: query.Encode()}
}

// write shows a page, or says that it could not.
func (v *visit) write(p look.Page) {
	p.Note = v.note
	if err := v.look.Write(v.w, v.status, p); err != nil {
		v.parts.Log.Error("request failed", "path", v.r.Pattern, "error", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// message shows a page of paragraphs, a form and links.
func (v *visit) message(heading string, c look.Content) {
	p := v.showing(look.Message, heading)
	p.Passkeys = c.Passkey != nil
	if c.Form != nil {
		v.complete(c.Form)
	}
	for i := range c.Links {
		c.Links[i].Path = p.To(c.Links[i].Path)
	}
	p.Data = c
	v.write(p)
}

// complete gives a form what every form carries: proof that it is this browser's,
// the language, and what is wrong with its fields.
func (v *visit) complete(f *look.Form) {
	f.Hidden = append(f.Hidden, look.Hidden{Name: "csrf", Value: v.proof()})
	if v.chosen {
		f.Hidden = append(f.Hidden, look.Hidden{Name: look.LanguageParameter, Value: v.language.Code})
	}
	for i := range f.Fields {
		field := &f.Fields[i]
		field.Fault = v.fields[field.Name]
		field.Value = v.text(field.Name)
	}
	f.Hidden = append(f.Hidden, v.keeping(f)...)
	v.restore(f)
	if f.Back != nil {
		f.Back.Path = look.Page{Language: v.language, Chosen: v.chosen}.To(f.Back.Path)
	}
}

// hidden carries on what is not empty.
func (v *visit) hidden(names ...string) (all []look.Hidden) {
	for _, name := range names {
		if value := v.carried(name); value != "" {
			all = append(all, look.Hidden{Name: name, Value: value})
		}
	}
	return all
}

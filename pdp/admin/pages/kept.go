package pages

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/internal/strictjson"
)

// keeping is what a form carries so that what is typed there outlives the session: which
// fields may be kept, none of them secret, and whose they are. Without a session there is
// no person to keep them for.
func (v *visit) keeping(f *look.Form) []look.Hidden {
	var names []string
	for _, field := range f.Fields {
		if !field.Secret() {
			names = append(names, field.Name)
		}
	}
	if len(names) == 0 || v.who.Subject == "" {
		return nil
	}
	author, err := v.parts.Sealer.Encrypt([]byte(v.who.Subject), authorUse)
	if err != nil { // what is typed is not kept
		v.parts.Log.Error("author of a form not sealed", "error", err)
		return nil
	}
	return []look.Hidden{
		{Name: assertion.KeepField, Value: strings.Join(names, " ")},
		{Name: assertion.AuthorField, Value: base64.RawURLEncoding.EncodeToString(author)},
	}
}

var authorUse = []byte("author of a form")

// readKept takes what the enforcement point hands on of a form that was refused, if the
// account that asks has typed it.
func (v *visit) readKept() {
	value := v.r.Header.Get(assertion.KeptHeader)
	if value == "" || v.r.Method != http.MethodGet || v.who.Subject == "" {
		return
	}
	var kept assertion.Kept
	text, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || strictjson.Decode(text, &kept) != nil {
		return
	}
	sealed, err := base64.RawURLEncoding.DecodeString(kept.Author)
	if err != nil {
		return
	}
	if author, err := v.parts.Sealer.Decrypt(sealed, authorUse); err == nil && string(author) == v.who.Subject {
		v.kept = &kept
	}
}

// restore fills the form again that was refused. Nothing is sent: that is for the person
// to do, who sees it first. What was shown is not kept any longer.
func (v *visit) restore(f *look.Form) {
	if v.kept == nil || v.kept.Action != f.Action {
		return
	}
	for i := range f.Fields {
		field := &f.Fields[i]
		if value := v.kept.Fields[field.Name]; !field.Secret() && len(value) <= maxText {
			field.Value = value
		}
	}
	v.note = v.say("kept.again")
	http.SetCookie(v.w, assertion.KeepCookie(v.who.Scheme, "", 0))
}

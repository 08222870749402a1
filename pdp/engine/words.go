package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
)

// fill writes what the request itself says, and who asks. The sections of the
// information points are written while facts are gathered.
func fill(in *input.Document, l *input.Layout, r *pdp.Request, f *pip.Facts, t *tables.Tables) {
	own := func(i int) *input.Writer { return in.Section(i, nil, pip.Freshness{}) }
	who := &f.Identity
	w := own(input.Subject)
	w.Word("type", r.Subject.Type)
	w.Word("id", r.Subject.ID)
	w = own(input.Properties)
	w.Word("account", string(who.Account))
	w.Word("role", who.Role)
	w.Word("staff", who.Staff)
	w.Word("patient", who.Patient)
	w.Word("department", who.Department)
	w = own(input.Action)
	w.Word("name", r.Action.Name)
	w.Word("method", method(&r.Action))
	w = own(input.Resource)
	w.Word("type", r.Resource.Type)
	w.Word("id", r.Resource.ID)
	credential(own(input.Credential), &r.Context, t)
	logIn(own(l.After(input.LogIn)), &r.Context.LogIn, t)
	period(own(l.After(input.Time)), r.Context.Time, t)
	w = own(l.After(input.Caller))
	w.Word("kind", r.Context.Caller.Kind)
	w.Word("name", r.Context.Caller.Name)
	w = own(l.After(input.Claims))
	for i := range t.Claims {
		w.Word(t.Claims[i].Name, t.Said(&t.Claims[i], &r.Context))
	}
}

func credential(w *input.Writer, c *pdp.Context, t *tables.Tables) {
	w.Word("state", string(c.Credential.State))
	w.Word("presented", c.Credential.Presented)
	w.Word("site", site(&c.Credential))
	w.Word("acr", c.Credential.ACR)
	w.Word("amr", methods(c.Credential.AMR))
	w.Word("factors", factors(c.Credential.AMR))
	if begun := c.Credential.AuthTime; !begun.IsZero() {
		w.Measure(measureElevation, since(begun, c.Time))
	}
	elevation(w, t)
}

// method says whether the request's method is a safe one (RFC 9110, section 9.2.1);
// "" for a question without a method.
func method(a *pdp.Action) string {
	switch {
	case a.Upgrade:
		return "upgrade"
	case a.Method == "":
		return ""
	case a.Method == "GET" || a.Method == "HEAD" || a.Method == "OPTIONS":
		return "safe"
	default:
		return "unsafe"
	}
}

// site is where a request was begun.
func site(c *pdp.Credential) string {
	if c.Site == "" {
		return pdp.SiteUnknown
	}
	return c.Site
}

// methods writes the methods of authentication (RFC 8176) as one text.
func methods(amr []string) string {
	if len(amr) == 2 && amr[0] == "pwd" {
		switch amr[1] {
		case "otp":
			return "pwd otp"
		case "email":
			return "pwd email"
		}
	}
	return strings.Join(amr, " ")
}

// factors counts the distinct methods of authentication (RFC 8176).
func factors(amr []string) string {
	switch {
	case len(amr) == 0:
		return "none"
	case slices.ContainsFunc(amr, func(method string) bool { return method != amr[0] }):
		return "two"
	default:
		return "one"
	}
}

// logIn says what the policy administrator saw of a log-in.
func logIn(w *input.Writer, l *pdp.LogIn, t *tables.Tables) {
	w.Word("factor", l.Factor)
	w.Word("familiar", familiar(l))
	if l.Factor != "" {
		w.Measure(measureFailures, int64(l.Failures))
	}
	failures(w, t)
}

// familiar is "device", "network", or "none".
func familiar(l *pdp.LogIn) string {
	if l.Familiar == "" {
		return "none"
	}
	return l.Familiar
}

func period(w *input.Writer, now time.Time, t *tables.Tables) {
	if !now.IsZero() {
		w.Word("state", "fresh")
	}
	w.Word("period", t.Period(now))
}

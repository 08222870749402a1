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

// fill turns a request and the facts about it into the words that rules read.
func fill(in *input.Document, r *pdp.Request, f *pip.Facts, t *tables.Tables) {
	in.Reset()
	who := &f.Identity
	in.Word("type", r.Subject.Type)
	in.Word("id", r.Subject.ID)
	in.End("subject")
	in.Word("account", string(who.Account))
	in.Word("role", who.Role)
	in.Word("staff", who.Staff)
	in.Word("patient", who.Patient)
	in.Word("department", who.Department)
	in.End("properties")
	in.Word("name", r.Action.Name)
	in.End("action")
	in.Word("type", r.Resource.Type)
	in.Word("id", r.Resource.ID)
	in.End("resource")

	credential(in, &r.Context, t)
	trusted(in, t.Freshness.Identity, &who.Reading)
	in.End("identity")
	revocation(in, &f.Revocation, who.Role, t)
	trusted(in, t.Freshness.Device, &f.Device.Reading)
	in.Word("match", string(f.Device.Match))
	in.End("device")
	trusted(in, t.Freshness.Location, &f.Location.Reading)
	in.Word("place", t.Place(r.Context.Address))
	in.Word("country", f.Location.Country)
	in.Word("drift", t.Drift(&r.Context.Journey))
	in.Word("travel", t.Travel(&r.Context.Journey))
	in.End("location")
	care(in, &f.Care, who, t)
	signals(in, &f.Signals, t)
	logIn(in, &r.Context.LogIn, t)
	period(in, r.Context.Time, t)
	caller(in, &r.Context, t)
}

func credential(in *input.Document, c *pdp.Context, t *tables.Tables) {
	in.Word("state", string(c.Credential.State))
	in.Word("presented", c.Credential.Presented)
	in.Word("acr", c.Credential.ACR)
	in.Word("amr", methods(c.Credential.AMR))
	in.Word("factors", factors(c.Credential.AMR))
	in.Word("elevation", t.Elevation(c))
	in.End("credential")
}

// methods writes the methods of authentication (RFC 8176) as one text.
func methods(amr []string) string {
	if len(amr) == 2 && amr[0] == "pwd" && amr[1] == "otp" {
		return "pwd otp"
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

func revocation(in *input.Document, r *pip.Revoked, role string, t *tables.Tables) {
	trusted(in, t.Freshness.Revocation, &r.Reading)
	in.Either("session", r.Session, "revoked", "clear")
	in.Either("subject", r.Subject, "banned", "clear")
	in.Either("log_in", r.LogIn, "barred", "clear")
	in.Either("address", r.Address, "barred", "clear")
	in.Either("step_up", r.StepUp, "owed", "none")
	in.Word("stale_for", t.StaleFor(r, role))
	in.End("revocation")
}

// care compares ids that are both there: two missing ids are not a match.
func care(in *input.Document, care *pip.Care, who *pip.Identity, t *tables.Tables) {
	trusted(in, t.Freshness.Care, &care.Reading)
	in.Boolean("treats", who.Staff != "" && slices.Contains(care.Staff, who.Staff))
	in.Boolean("same_department", who.Department != "" && care.Department == who.Department)
	in.Boolean("own", who.Patient != "" && care.Patient == who.Patient)
	in.End("care")
}

// trusted writes how far a fact is trusted: no further than its row allows.
func trusted(in *input.Document, row tables.Freshness, r *pip.Reading) {
	in.Word("state", row.Of(r).String())
}

// signals writes counts as words. What is not known has no word: it is never
// low.
func signals(in *input.Document, s *pip.Signals, t *tables.Tables) {
	state := t.Freshness.Signals.Of(&s.Reading)
	in.Word("state", state.String())
	requests, denials, failedLogIns, predictions := t.Many()
	count := func(key string, n, many int) {
		if state == pip.Unknown {
			in.Word(key, "")
			return
		}
		in.Either(key, n >= many, "many", "usual")
	}
	count("requests", s.Requests, requests)
	count("denials", s.Denials, denials)
	count("failed_log_ins", s.FailedLogIns, failedLogIns)
	if state == pip.Unknown {
		in.Word("patients", "")
	} else {
		in.Word("patients", t.Patients(s))
	}
	count("predictions", s.Predictions, predictions)
	in.End("signals")
}

// logIn says what the policy administrator saw of a log-in.
func logIn(in *input.Document, l *pdp.LogIn, t *tables.Tables) {
	in.Word("factor", l.Factor)
	in.Word("failures", t.Failures(l))
	in.Word("familiar", familiar(l))
	in.End("log_in")
}

// familiar is "device", "network", or "none".
func familiar(l *pdp.LogIn) string {
	if l.Familiar == "" {
		return "none"
	}
	return l.Familiar
}

func period(in *input.Document, now time.Time, t *tables.Tables) {
	in.Either("state", now.IsZero(), "unknown", "fresh")
	in.Word("period", t.Period(now))
	in.End("time")
}

// caller writes who asks, when that is an enforcement point of others, and what
// it claims as far as it is trusted. What is not said is not there; of what is
// said in other words it is there that it was.
func caller(in *input.Document, c *pdp.Context, t *tables.Tables) {
	in.Maybe("kind", c.Caller.Kind)
	in.Maybe("name", c.Caller.Name)
	in.End(input.CallerSection)
	for i := range t.Claims {
		in.Maybe(t.Claims[i].Name, t.Said(&t.Claims[i], c))
	}
	in.End(input.ClaimsSection)
}

// blank is what every input of a rule book looks like.
func blank(t *tables.Tables) *input.Document {
	in := &input.Document{}
	fill(in, &pdp.Request{}, &pip.Facts{}, t)
	return in
}

package try

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/care"
)

// A situation is what rules read of the request, and where it comes from.
type situation struct {
	document json.RawMessage
	taken    []string // from stores
	assumed  []string
}

// situation has an engine write the input, and puts in it what is assumed otherwise.
func (c *Command) situation(ctx context.Context, book *analysis.Book, l *line, w *subject) (*situation, error) {
	now, period, err := c.at()
	if err != nil {
		return nil, err
	}
	if l.unread {
		w = &subject{} // who asks does not come
	}
	a := &situation{taken: []string{}, assumed: []string{}}
	relations := &relation{w: w}
	raw, err := book.Document(ctx, sources(w, relations), c.question(book, l, w, now))
	if err = errors.Join(err, relations.err); err != nil {
		return nil, fmt.Errorf("what is known of the request: %w", err)
	}
	document, err := input.Parse(raw)
	if err != nil {
		return nil, err
	}
	a.tell(c, l, w, relations)
	if period != "" {
		input.Set(document, []string{"context", "time", "period"}, period)
		a.assume("it is %s (--time)", period)
	}
	if err := a.set(document, book.Members(), append([]string{"/context/location/place=" + c.Place}, c.Set...)); err != nil {
		return nil, err
	}
	a.document, err = json.Marshal(document)
	return a, err
}

func (a *situation) assume(format string, of ...any) {
	a.assumed = append(a.assumed, fmt.Sprintf(format, of...))
}

func (a *situation) take(format string, of ...any) {
	a.taken = append(a.taken, fmt.Sprintf(format, of...))
}

// question is what the enforcement point would ask.
func (c *Command) question(book *analysis.Book, l *line, w *subject, now time.Time) *pdp.Request {
	r := &pdp.Request{
		Subject: pdp.Subject{Type: pdp.SubjectAnonymous},
		Action:  pdp.Action{Method: l.method},
		Context: pdp.Context{ID: "try", Time: now, Route: book.Revision(), Credential: pdp.Credential{State: pdp.CredentialNone}},
	}
	if l.matched {
		r.Action.Name, r.Action.Path, r.Resource = l.found.Route.Action, l.path, l.found.Resource
	}
	if w.anonymous() {
		return r
	}
	k := &r.Context.Credential
	*k = pdp.Credential{
		State: pdp.CredentialValid, Presented: pdp.PresentedHeader, Session: "try", TokenID: "try",
		ACR: admin.ACRTwoFactor, AMR: []string{"pwd", "otp"}, AuthTime: now.Add(-time.Hour), Issued: now, Expires: now.Add(time.Minute),
	}
	r.Subject = pdp.Subject{Type: pdp.SubjectUser, ID: w.id()}
	if w.row.Kind == pip.RoleMachine {
		r.Subject.Type = pdp.SubjectMachine
		k.ACR, k.AMR = admin.ACRMachine, []string{"swk"}
	}
	if c.StepUp {
		k.ACR, k.AuthTime = admin.ACRSteppedUp, now
	}
	if c.By == "cookie" {
		k.Presented, k.Site = pdp.PresentedCookie, pdp.SiteOwn
	}
	return r
}

// A source stands in for an information point.
type source struct {
	name  string
	write func(f *pip.Facts, w pip.Words)
}

func (s source) Name() string { return s.name }

func (s source) Gather(_ context.Context, _ *pip.Query, f *pip.Facts, w pip.Words) error {
	w.Trust(reading(s.name))
	s.write(f, w)
	return nil
}

func reading(source string) pip.Reading { return pip.Reading{Source: source, State: pip.Fresh} }

// sources stand in for all information points. They say what is usual, but for what
// stores know of an account.
func sources(w *subject, relations *relation) []pip.Source {
	var all []pip.Source
	for _, section := range points.Sections() {
		if section.Name == relations.Name() {
			all = append(all, relations)
			continue
		}
		all = append(all, source{section.Name, w.tells(&section)})
	}
	return all
}

// tells is what an information point says of the subject: of one that has nothing of its
// own here, whatever of its words is usual.
func (w *subject) tells(section *pip.Section) func(*pip.Facts, pip.Words) {
	switch section.Name {
	case "identity":
		return func(f *pip.Facts, _ pip.Words) { f.Identity = w.identity() }
	case "revocation":
		return func(_ *pip.Facts, words pip.Words) {
			if w.banned {
				words.Word("subject", "banned")
			}
			if w.owes {
				words.Word("step_up", "owed")
			}
		}
	case "device":
		return func(_ *pip.Facts, words pip.Words) {
			match := pip.DeviceSame
			if w.anonymous() {
				match = pip.DeviceUnseen
			}
			words.Word("match", string(match))
			words.Word("workstation", "none")
		}
	default:
		return func(_ *pip.Facts, words pip.Words) {
			for _, m := range section.Members {
				if slices.Contains(m.Words, "usual") {
					words.Word(m.Name, "usual")
				}
			}
		}
	}
}

// identity is what stands behind the account, or an account of the role with all that it needs.
func (w *subject) identity() pip.Identity {
	one := pip.Identity{Reading: reading("identity"), Role: w.role}
	switch {
	case w.account != nil:
		one.Account, one.Staff, one.Patient, one.Department = w.account.Standing, w.account.Staff, w.account.Patient, w.account.Department
	case w.anonymous():
	default:
		one.Account = pip.AccountActive
		switch w.row.Record {
		case pip.RecordStaff:
			one.Staff, one.Department = "somebody", "somewhere"
		case pip.RecordPatient:
			one.Patient = "somebody"
		}
	}
	return one
}

// A relation tells care relationships: those of the stores, or for a role the nearest.
type relation struct {
	w    *subject
	told bool // there is a relationship that could be known
	err  error
}

func (*relation) Name() string { return "care" }

func (r *relation) Gather(ctx context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	r.told = care.Covers(q)
	switch {
	case !r.told:
		return nil
	case r.w.care != nil:
		r.err = r.w.care.Gather(ctx, q, f, w)
		return r.err
	}
	w.Trust(reading("care"))
	for _, member := range r.w.nearest() {
		w.Boolean(member, true)
	}
	return nil
}

// nearest is the care relationship that is assumed for a role.
func (w *subject) nearest() []string {
	switch w.row.Record {
	case pip.RecordStaff:
		return []string{"treats", "same_department"}
	case pip.RecordPatient:
		return []string{"own"}
	default:
		return nil
	}
}

// tell says what was taken from stores and what was assumed.
func (a *situation) tell(c *Command, l *line, w *subject, relations *relation) {
	switch {
	case l.unread:
		a.assume("no session: browsers have none at this host, where no cookie is read")
	case w.anonymous():
		a.assume("there is no session (--as)")
	case w.account != nil:
		a.take("account %s: role %s, %s", w.account.ID, w.role, w.account.Standing)
	default:
		a.assume("an active account of the role %s, with the record that it needs", w.role)
	}
	switch {
	case relations.told && w.care != nil:
		a.take("the care relationship of this account")
	case relations.told && len(w.nearest()) > 0:
		a.assume("the care relationship: %s (--set /context/care/…=false)", strings.Join(w.nearest(), ", "))
	}
	if w.banKnown {
		a.take("whether the account is banned: %t; whether it owes a fresh factor: %t", w.banned, w.owes)
	} else if !w.anonymous() {
		a.assume("the account is not banned, and owes no fresh factor")
	}
	if !w.anonymous() {
		step := "no fresh step-up (--step-up)"
		if c.StepUp {
			step = "a fresh step-up"
		}
		a.assume("a session by %s that has not ended, with two factors and %s, on the device of its log-in", c.By, step)
		if c.By == "cookie" {
			a.assume("a page of the same origin began it")
		}
	}
	a.assume("behaviour is usual, and no limit or quota is used up")
	if l.streams() {
		a.assume("a body of at most %d bytes, which goes on as it arrives and is not judged", l.found.Route.BytesOfABody())
	} else if l.matched && l.found.Route.Body != pdp.BodyNone {
		a.assume("a body of the class %s that can be read in one way, or none where none is required", l.found.Route.Body)
	}
	switch {
	case l.configured:
	case l.demo:
		a.assume("no application has a host of its own: the demo answers at loopback hosts alone (--config)")
	default:
		a.assume("no application has a host of its own, and hosts were not looked at (--config)")
	}
}

// set puts values in the input. What its sections do not declare is an error.
func (a *situation) set(document map[string]any, members map[string]pip.Member, settings []string) error {
	for i, text := range settings {
		pointer, value, err := setting(text)
		if err != nil {
			return err
		}
		flag := "--set"
		if i == 0 {
			flag = "--place"
		}
		member, known := members[pointer]
		if !known {
			return fmt.Errorf("--set: the input has no member %s%s", pointer, tables.Near(pointer, slices.Sorted(maps.Keys(members))))
		}
		if strings.HasPrefix(pointer, "/action/") || strings.HasPrefix(pointer, "/resource/") {
			return fmt.Errorf("--set: %s is what the method and URL say: ask for another URL", pointer)
		}
		v, err := valued(&member, value)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", flag, pointer, err)
		}
		input.Set(document, strings.Split(pointer[1:], "/"), v)
		a.assume("%s is %q (%s)", strings.ReplaceAll(pointer[1:], "/", "."), value, flag)
	}
	return nil
}

func valued(m *pip.Member, text string) (any, error) {
	switch {
	case m.Type == pip.TypeBoolean && (text == "true" || text == "false"):
		return text == "true", nil
	case m.Type == pip.TypeBoolean:
		return nil, fmt.Errorf("%q: expected true or false", text)
	case len(m.Words) > 0 && !slices.Contains(m.Words, text):
		return nil, fmt.Errorf("%q is no word of it%s", text, tables.Near(text, m.Words))
	default:
		return text, nil
	}
}

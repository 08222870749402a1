package pdp

import (
	"maps"
	"net/http"
	"slices"
)

// A Reason is one row of the rule book's table of reasons: what a code means to
// everybody but the rule that makes it. The zero Reason is what a code without
// a row means: 403, and a text that tells nothing.
type Reason struct {
	Class  Class `json:"class"`
	Status int   `json:"status"` // one of Statuses; every other one answers 403
	// Alone says that the other reasons of the denial mean nothing beside this
	// one: they neither choose the status nor are shown.
	Alone bool              `json:"alone"`
	Shown string            `json:"shown"` // the code that the client is shown; "" for the reason's own
	Alarm bool              `json:"alarm"` // a person should look at it
	Text  map[string]string `json:"text"`  // sentences for people, by language
	// Ask says who can be asked, by language; nil where asking does not help.
	Ask map[string]string `json:"ask,omitempty"`
}

// Class says what was wrong.
type Class string

// The classes. The zero Class is that of a code without a row.
const (
	ClassCredential   Class = "credential"   // the requester is not, or not sufficiently, proven
	ClassRight        Class = "right"        // the account or its role has not got the right
	ClassRelationship Class = "relationship" // the requester has nothing to do with the person that it is about
	ClassDevice       Class = "device"
	ClassPlace        Class = "place"       // the place or the hour
	ClassBehaviour    Class = "behaviour"   // what the requester has lately done
	ClassUnavailable  Class = "unavailable" // Wardgate itself does not know
	ClassMalformed    Class = "malformed"   // nothing that exists was asked for
)

// Classes returns all classes, the gravest first.
func Classes() []Class {
	return []Class{
		ClassCredential, ClassDevice, ClassRight, ClassRelationship,
		ClassPlace, ClassBehaviour, ClassUnavailable, ClassMalformed,
	}
}

// Statuses returns the statuses that a reason may have, the one that prevails
// first.
func Statuses() []int {
	return []int{
		http.StatusNotFound, http.StatusUnauthorized, http.StatusTooManyRequests,
		http.StatusServiceUnavailable, http.StatusForbidden,
	}
}

// Languages returns the languages in which every reason has a sentence.
func Languages() []string { return []string{"en", "ar"} }

// Reasons are the reasons of one rule book by code. They are not to be changed.
type Reasons map[string]Reason

// With returns the reasons and those of own that have no row among them.
func (r Reasons) With(own Reasons) Reasons {
	both := maps.Clone(own)
	if both == nil {
		both = Reasons{}
	}
	maps.Copy(both, r)
	return both
}

// Answer turns the reasons of a denial into a status and the codes that the
// client is shown.
//
// When a reason stands alone, all that do not are left out, and of those that
// do the first status of Statuses prevails: a missing route (404) hides a
// missing session (401), which hides what else is wrong. Otherwise 404 and 401
// answer only a denial that has no other status: a fresh factor does not help
// a client that something else denies. Then 429 prevails over 503, and 503 over
// 403. A code without a row is a 403, and is shown.
func (r Reasons) Answer(codes []string) (status int, shown []string) {
	if alone := r.alone(codes); len(alone) > 0 {
		status = r.first(alone)
		return status, r.shown(slices.DeleteFunc(alone, func(code string) bool { return r.statusOf(code) != status }))
	}
	other := slices.DeleteFunc(slices.Clone(codes), func(code string) bool {
		s := r.statusOf(code)
		return s == http.StatusUnauthorized || s == http.StatusNotFound
	})
	if len(other) > 0 {
		return r.first(other), r.shown(codes)
	}
	return r.first(codes), r.shown(codes)
}

// Class returns the gravest class of the codes; "" when none has a row.
func (r Reasons) Class(codes []string) Class {
	for _, class := range Classes() {
		if slices.ContainsFunc(codes, func(code string) bool { return r[code].Class == class }) {
			return class
		}
	}
	return ""
}

// Alarm reports whether one of the codes is an alarm.
func (r Reasons) Alarm(codes []string) bool {
	return slices.ContainsFunc(codes, func(code string) bool { return r[code].Alarm })
}

// Sentence returns what people are told of a code, in the language or else in
// the first of Languages.
func (r Reasons) Sentence(code, language string) string {
	text := r[code].Text
	for _, l := range append([]string{language}, Languages()...) {
		if text[l] != "" {
			return text[l]
		}
	}
	if language == "ar" {
		return "لم يُسمح بهذا الطلب."
	}
	return "This request was not allowed."
}

// Ask returns who can be asked about a code, in the language or else in the first of
// Languages; "" where asking does not help.
func (r Reasons) Ask(code, language string) string {
	ask := r[code].Ask
	if ask[language] != "" {
		return ask[language]
	}
	return ask[Languages()[0]]
}

func (r Reasons) alone(codes []string) []string {
	return slices.DeleteFunc(slices.Clone(codes), func(code string) bool { return !r[code].Alone })
}

// first returns the status that prevails among those of the codes.
func (r Reasons) first(codes []string) int {
	for _, status := range Statuses() {
		if slices.ContainsFunc(codes, func(code string) bool { return r.statusOf(code) == status }) {
			return status
		}
	}
	return http.StatusForbidden
}

func (r Reasons) statusOf(code string) int {
	if status := r[code].Status; slices.Contains(Statuses(), status) {
		return status
	}
	return http.StatusForbidden
}

// shown returns the codes as the client sees them, each once.
func (r Reasons) shown(codes []string) []string {
	var out []string
	for _, code := range codes {
		if as := r[code].Shown; as != "" {
			code = as
		}
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

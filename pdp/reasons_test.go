package pdp_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/wardgate/wardgate/pdp"
)

var reasons = pdp.Reasons{
	"no_route":   {Class: pdp.ClassMalformed, Status: 404, Alone: true},
	"no_session": {Class: pdp.ClassCredential, Status: 401, Alone: true},
	"other_os":   {Class: pdp.ClassDevice, Status: 401, Alone: true},
	"step_up":    {Class: pdp.ClassCredential, Status: 401},
	"too_many":   {Class: pdp.ClassBehaviour, Status: 429, Alarm: true},
	"no_signals": {Class: pdp.ClassUnavailable, Status: 503},
	"no_right":   {Class: pdp.ClassRight, Status: 403},
	"not_yours":  {Class: pdp.ClassRelationship, Status: 403, Text: map[string]string{"en": "Not yours.", "ar": "ليس لك."}},
	"vip":        {Class: pdp.ClassRelationship, Status: 403, Shown: "not_yours"},
	"teapot":     {Class: pdp.ClassMalformed, Status: 418},
}

func TestAnswerOfReasons(t *testing.T) {
	for _, test := range []struct {
		name   string
		codes  []string
		status int
		shown  []string
	}{
		{"none", nil, 403, nil},
		{"no row", []string{"what"}, 403, []string{"what"}},
		{"a status outside of the list", []string{"teapot"}, 403, []string{"teapot"}},
		{"a route that no row has hides all", []string{"no_right", "no_route", "no_session"}, 404, []string{"no_route"}},
		{"credentials hide the rest", []string{"no_right", "no_session", "no_signals", "other_os"}, 401, []string{"no_session", "other_os"}},
		{"a fresh factor alone", []string{"step_up"}, 401, []string{"step_up"}},
		{"a fresh factor would not help", []string{"no_right", "step_up"}, 403, []string{"no_right", "step_up"}},
		{"a fresh factor beside an unknown code", []string{"step_up", "what"}, 403, []string{"step_up", "what"}},
		{"a fresh factor and a flood", []string{"step_up", "too_many"}, 429, []string{"step_up", "too_many"}},
		{"a flood prevails over what is unknown", []string{"no_signals", "too_many"}, 429, []string{"no_signals", "too_many"}},
		{"what is unknown prevails over a right", []string{"no_right", "no_signals"}, 503, []string{"no_right", "no_signals"}},
		{"shown as another, once", []string{"not_yours", "vip"}, 403, []string{"not_yours"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			given := slices.Clone(test.codes)
			status, shown := reasons.Answer(given)
			if status != test.status || !slices.Equal(shown, test.shown) {
				t.Errorf("got %d %q, want %d %q", status, shown, test.status, test.shown)
			}
			if !slices.Equal(given, test.codes) {
				t.Errorf("the codes became %q", given)
			}
		})
	}
}

func TestZeroReasonsForbid(t *testing.T) {
	var none pdp.Reasons
	for code := range maps.Keys(reasons) {
		if status, shown := none.Answer([]string{code}); status != 403 || !slices.Equal(shown, []string{code}) {
			t.Errorf("%s: got %d %q", code, status, shown)
		}
		if none.Class([]string{code}) != "" || none.Alarm([]string{code}) || none.Sentence(code, "en") == "" {
			t.Errorf("%s: known", code)
		}
	}
}

func TestClassOfReasonsIsTheGravest(t *testing.T) {
	for want, codes := range map[pdp.Class][]string{
		"":                    {"what"},
		pdp.ClassCredential:   {"no_right", "not_yours", "other_os", "step_up"},
		pdp.ClassDevice:       {"no_right", "other_os"},
		pdp.ClassRight:        {"no_right", "vip", "what"},
		pdp.ClassRelationship: {"too_many", "vip"},
	} {
		if got := reasons.Class(codes); got != want {
			t.Errorf("%q: got %q, want %q", codes, got, want)
		}
	}
	if !reasons.Alarm([]string{"no_right", "too_many"}) || reasons.Alarm([]string{"no_right"}) {
		t.Error("too_many alone is an alarm")
	}
}

func TestSentence(t *testing.T) {
	for _, test := range []struct{ code, language, want string }{
		{"not_yours", "ar", "ليس لك."},
		{"not_yours", "en", "Not yours."},
		{"not_yours", "tlh", "Not yours."},
		{"vip", "en", "This request was not allowed."},
		{"what", "ar", "لم يُسمح بهذا الطلب."},
	} {
		if got := reasons.Sentence(test.code, test.language); got != test.want {
			t.Errorf("%s in %s: got %q, want %q", test.code, test.language, got, test.want)
		}
	}
}

func TestReasonsWithOwnOnes(t *testing.T) {
	own := pdp.Reasons{"no_right": {Status: 503}, "own": {Status: 503}}
	both := reasons.With(own)
	if both["no_right"].Status != 403 || both["own"].Status != 503 || len(own) != 2 || len(reasons) != 10 {
		t.Errorf("got %v", both)
	}
	if len(pdp.Reasons(nil).With(nil)) != 0 {
		t.Error("reasons out of nothing")
	}
}

func TestAsk(t *testing.T) {
	reasons := pdp.Reasons{"a": {Ask: map[string]string{"en": "ask", "ar": "اسأل"}}, "b": {}}
	for _, test := range []struct{ code, language, want string }{
		{"a", "ar", "اسأل"}, {"a", "en", "ask"}, {"a", "de", "ask"}, {"b", "en", ""}, {"none", "en", ""},
	} {
		if got := reasons.Ask(test.code, test.language); got != test.want {
			t.Errorf("%s in %s: got %q, want %q", test.code, test.language, got, test.want)
		}
	}
}

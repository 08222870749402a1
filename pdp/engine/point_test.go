package engine

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pip"
)

// weather is an information point that this house does not have: all of it
// stands in this file.
type weather struct {
	sky   string
	age   time.Duration
	fails func() error
}

func weatherSection() pip.Section {
	s := pip.Measured("weather", pip.Freshness{StaleAfter: 10, UnknownAfter: 60},
		pip.WordOf("sky", "", "clear", "storm"), pip.BooleanOf("flood"))
	s.Wording = func(t pip.Tables) (any, error) {
		rows := map[string]int{"wind_many": 1}
		if err := t.Read("weather", &rows); err != nil {
			return nil, err
		}
		if rows["wind_many"] < 1 {
			return nil, errors.New("weather.wind_many: expected a whole number above 0")
		}
		return rows, nil
	}
	return s
}

func (*weather) Name() string { return "weather" }

func (s *weather) Gather(_ context.Context, _ *pip.Query, f *pip.Facts, w pip.Words) error {
	if s.fails != nil {
		f.Identity.Role = "security" // what a source that panics began to say must not count
		w.Trust(pip.Reading{Source: "weather", State: pip.Fresh})
		w.Boolean("flood", true)
		return s.fails()
	}
	w.Trust(pip.Reading{Source: "weather", State: pip.Fresh, Age: s.age})
	w.Word("sky", s.sky)
	w.Boolean("flood", w.Wording().(map[string]int)["wind_many"] > 1)
	return nil
}

// withWeather is the built-in book with a schema that names the section, and a
// rule that needs it.
func withWeather(t *testing.T) fstest.MapFS {
	t.Helper()
	files := book(t)
	edit(t, files, "authz/authz.rego", "#             log_in:\n", `#             weather:
#               type: object
#               additionalProperties: false
#               properties:
#                 state: {enum: ["unknown", "stale", "fresh"]}
#                 sky: {enum: ["", "clear", "storm"]}
#                 flood: {type: boolean}
#             log_in:
`)
	files["authz/rules/weather/weather.rego"] = &fstest.MapFile{Data: []byte(`package authz.rules.weather

deny contains "weather_unknown" if not input.context.weather.state == "fresh"

deny contains "storm" if input.context.weather.sky == "storm"

deny contains "flood" if input.context.weather.flood
`)}
	return files
}

func decideIn(t *testing.T, files fstest.MapFS, s *weather) (pdp.Decision, error) {
	t.Helper()
	facts := ward()
	first, err := loadOf(files, append(points.Sections(), weatherSection()))
	if err != nil {
		t.Fatal(err)
	}
	e := NewFrom(first, append(pointstest.Sources(&facts), s), nil, slog.New(slog.DiscardHandler), Config{})
	r := readsPatient()
	in := e.active.Load().layout.Blank()
	known, ages := e.word(context.Background(), e.active.Load(), &r, in)
	d, document, err := e.active.Load().answer(context.Background(), in)
	d.Evidence = pdp.Evidence{Input: document, Ages: ages, Who: known.Identity}
	return d, err
}

func TestNewInformationPointIsItsSectionAndItsSource(t *testing.T) {
	row := func(files fstest.MapFS) {
		edit(t, files, "authz/tables/freshness.rego", "freshness := {", "freshness := {\n\t\"weather\": {\"stale_after\": 1, \"unknown_after\": 2},")
	}
	thresholds := func(files fstest.MapFS) {
		files["authz/tables/weather.rego"] = &fstest.MapFile{Data: []byte("package authz.tables\n\nweather := {\"wind_many\": 7}\n")}
	}
	none := func(fstest.MapFS) {}
	for name, tt := range map[string]struct {
		source weather
		change func(fstest.MapFS)
		state  string
		want   []string
	}{
		"fair":                      {weather{sky: "clear"}, none, "fresh", nil},
		"a rule reads its word":     {weather{sky: "storm"}, none, "fresh", []string{"storm"}},
		"fresh by its own default":  {weather{sky: "clear", age: 10 * time.Second}, none, "fresh", nil},
		"stale by its own default":  {weather{sky: "clear", age: 11 * time.Second}, none, "stale", []string{"weather_unknown"}},
		"the table overrides":       {weather{sky: "clear", age: 2 * time.Second}, row, "stale", []string{"weather_unknown"}},
		"its thresholds are tables": {weather{sky: "clear"}, thresholds, "fresh", []string{"flood"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := withWeather(t)
			tt.change(files)
			d, err := decideIn(t, files, &tt.source)
			if err != nil || d.Allow != (tt.want == nil) || !slices.Equal(d.Reasons, tt.want) {
				t.Errorf("got allow %t, reasons %v, %v, want %v", d.Allow, d.Reasons, err, tt.want)
			}
			if got := wordIn(d.Evidence.Input, "weather", "state"); got != tt.state {
				t.Errorf("got state %q in %s, want %q", got, d.Evidence.Input, tt.state)
			}
			if age, there := d.Evidence.Ages["weather"]; !there || age != tt.source.age.Microseconds() {
				t.Errorf("got ages %v, want %s", d.Evidence.Ages, tt.source.age)
			}
		})
	}
}

// What a source that panics began to say is forgotten, in its section and in the
// facts; a source that is not there says nothing.
func TestInformationPointThatFailsIsUnknown(t *testing.T) {
	for name, s := range map[string]*weather{
		"it panics": {fails: func() error { panic("no barometer") }},
		"it has a nil pointer": {fails: func() error {
			var nothing *weather
			return errors.New(nothing.sky)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := decideIn(t, withWeather(t), s)
			if err != nil || d.Allow || !slices.Equal(d.Reasons, []string{"weather_unknown"}) || d.Evidence.Who.Role != "doctor" {
				t.Errorf("got %+v, %v, want weather_unknown alone, for a doctor", d, err)
			}
			if strings.Contains(string(d.Evidence.Input), `"flood":true`) || d.Evidence.Ages["weather"] != 0 {
				t.Errorf("got %s, want nothing of what it began to say", d.Evidence.Input)
			}
		})
	}
}

// A word that no list declares reaches no rule: the decision is none, which denies.
func TestUndeclaredWordIsNoDecision(t *testing.T) {
	d, err := decideIn(t, withWeather(t), &weather{sky: "hail"})
	if !errors.Is(err, input.ErrSection) || d.Allow || !strings.Contains(err.Error(), `weather.sky: "hail"`) {
		t.Errorf("got %+v, %v, want an error that names the word", d, err)
	}
}

func TestSectionsThatClashAreRefused(t *testing.T) {
	member := func(m ...pip.Member) pip.Section {
		return pip.Measured("weather", pip.Freshness{StaleAfter: 1, UnknownAfter: 1}, m...)
	}
	for name, tt := range map[string]struct {
		section pip.Section
		change  func(fstest.MapFS)
		want    string
	}{
		"another point's name": {pip.Measured("care", pip.Freshness{StaleAfter: 1, UnknownAfter: 1}), nil, `section "care"`},
		"the request's own":    {pip.Measured("time", pip.Freshness{StaleAfter: 1, UnknownAfter: 1}), nil, `section "time"`},
		"no name":              {pip.Section{Default: pip.Freshness{StaleAfter: 1, UnknownAfter: 1}}, nil, `section ""`},
		"a member twice":       {member(pip.TextOf("sky"), pip.TextOf("sky")), nil, `member "sky"`},
		"a member with a dot":  {member(pip.TextOf("sky.high")), nil, `member "sky.high"`},
		"a word of no list":    {member(pip.WordOf("sky")), nil, "has no words"},
		"no freshness":         {pip.Measured("weather", pip.Freshness{}), nil, "freshness.weather"},
		"a word that the schema lacks": {member(pip.WordOf("sky", "", "hail"), pip.BooleanOf("flood")), nil,
			`context.weather.sky: the word "hail" may stand there`},
		"a text where the schema has words":   {member(pip.TextOf("sky")), nil, "context.weather.sky: any text"},
		"a word where the schema has a truth": {member(pip.WordOf("flood", "yes")), nil, "context.weather.flood"},
		"a row of freshness for nothing": {weatherSection(), func(files fstest.MapFS) {
			edit(t, files, "authz/tables/freshness.rego", `"care": {`, `"caer": {`)
		}, "freshness.caer: there is no such information point"},
		"its own thresholds": {weatherSection(), func(files fstest.MapFS) {
			files["authz/tables/weather.rego"] = &fstest.MapFile{Data: []byte("package authz.tables\n\nweather := {\"wind_many\": 0}\n")}
		}, "weather.wind_many: expected a whole number above 0"},
	} {
		t.Run(name, func(t *testing.T) {
			files := withWeather(t)
			if tt.change != nil {
				tt.change(files)
			}
			_, err := loadOf(files, append(points.Sections(), tt.section))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error about %s", err, tt.want)
			}
		})
	}
}

// The drill that every information point has, whether or not a hospital wrote one
// for it: its silence allows nothing that was denied. Counts of behaviour are as
// usual here: that a missing count stops no treatment is the rule bulk_reading's
// own choice.
func TestSilenceOfAnInformationPointHelpsNoRequester(t *testing.T) {
	rules := prepared(t, book(t))
	random := rand.New(rand.NewPCG(6, 1))
	draw := func(words ...string) string { return words[random.IntN(len(words))] }
	denied := map[string]int{}
	for range 400 {
		r, facts := readsPatient(), ward()
		r.Action.Name = draw("patient.read", "patient.list", "service.add", "patient.delete", "model.predict", "session.create", "account.sign_up")
		r.Context.Credential.ACR = draw("", "urn:wardgate:acr:stepped-up")
		r.Context.Credential.AuthTime = r.Context.Time.Add(-time.Minute)
		facts.Identity.Role = draw("doctor", "nurse", "security", "")
		facts.Device.Match = pip.Match(draw("same", "same", "changed"))
		facts.Care.Staff = []string{draw("s-1", "s-2")}
		facts.Revocation.Subject = random.IntN(4) == 0
		sources := pointstest.Sources(&facts)
		all, _ := answeredBy(t, rules, sources, &r)
		for i, s := range sources {
			fewer := slices.Delete(slices.Clone(sources), i, i+1)
			d, document := answeredBy(t, rules, fewer, &r)
			if d.Allow && !all.Allow {
				t.Errorf("%s by a %q, denied for %v, is allowed when %s is silent: %s", r.Action.Name, facts.Identity.Role, all.Reasons, s.Name(), document)
			}
			if all.Allow && !d.Allow {
				denied[s.Name()]++
			}
		}
	}
	for _, name := range points.Names() {
		if denied[name] == 0 {
			t.Errorf("the silence of %s denied nothing: the drill says little", name)
		}
	}
}

// answeredBy decides without a deadline, which a busy machine could miss.
func answeredBy(t *testing.T, c *Candidate, sources []pip.Source, r *pdp.Request) (pdp.Decision, []byte) {
	t.Helper()
	in := c.layout.Blank()
	NewFrom(c, sources, nil, slog.New(slog.DiscardHandler), Config{}).word(context.Background(), c, r, in)
	d, document, err := c.answer(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return d, document
}

package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// SARIF 2.1.0 (OASIS), as far as a report needs it.
type (
	// A Log is what readers of static analysis take.
	Log struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []Run  `json:"runs"`
	}
	// A Run is one report.
	Run struct {
		Tool    Tool     `json:"tool"`
		Results []Result `json:"results"`
	}
	// Tool names who reports.
	Tool struct {
		Driver Driver `json:"driver"`
	}
	// Driver is the program, and the kinds of what it reports.
	Driver struct {
		Name           string           `json:"name"`
		InformationURI string           `json:"informationUri"`
		Rules          []ReportingRules `json:"rules"`
	}
	// ReportingRules is one kind of change.
	ReportingRules struct {
		ID               string  `json:"id"`
		ShortDescription Message `json:"shortDescription"`
	}
	// A Result is one change.
	Result struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      Message           `json:"message"`
		Locations    []Location        `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Suppressions []Suppression     `json:"suppressions,omitempty"`
	}
	// A Message is a text.
	Message struct {
		Text string `json:"text"`
	}
	// A Location is a line of a file.
	Location struct {
		Physical PhysicalLocation `json:"physicalLocation"`
	}
	// PhysicalLocation is a line of a file.
	PhysicalLocation struct {
		Artifact ArtifactLocation `json:"artifactLocation"`
		Region   Region           `json:"region"`
	}
	// ArtifactLocation is a file.
	ArtifactLocation struct {
		URI string `json:"uri"`
	}
	// A Region is a line.
	Region struct {
		StartLine int `json:"startLine"`
	}
	// A Suppression says why a change is no problem.
	Suppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
)

// Kinds of results beside the effects of classes.
const (
	tableChanged = "table_changed"
	notCompared  = "not_compared"
)

// levels of effects; the others are notes.
var levels = map[string]string{
	NewlyAllowed: "error", DutiesLost: "error", DutiesChanged: "warning", NewlyDenied: "warning", VerdictsChanged: "warning",
	tableChanged: "warning", notCompared: "error",
}

// SARIF is a report for code scanning, which finds files where Relocate has put them.
func (r *Report) SARIF() *Log {
	driver := Driver{Name: "wardgate policy diff", InformationURI: "https://github.com/wardgate/wardgate", Rules: []ReportingRules{}}
	kinds := append(slices.Clone(effects), tableChanged, notCompared)
	for _, kind := range kinds {
		title := titles[kind]
		switch kind {
		case tableChanged:
			title = "a table that no rule reads is changed"
		case notCompared:
			title = "could not be compared"
		}
		driver.Rules = append(driver.Rules, ReportingRules{kind, Message{title}})
	}
	s := &sarif{entrypoint: cmp.Or(r.entrypoint, entrypoint), kinds: kinds, results: []Result{}}
	for i := range r.Classes {
		one := &r.Classes[i]
		s.add(one.Effect, one.ID, one.sentence(), one.Allowed, one.Places)
	}
	for i := range r.Tables {
		if c := &r.Tables[i]; c.Outside {
			s.add(tableChanged, c.ID, fmt.Sprintf("%s: %s becomes %s.", c.name(), c.Old, c.New), c.Allowed, []Place{c.Place})
		}
	}
	for i := range r.NotCompared {
		n := &r.NotCompared[i]
		s.add(notCompared, n.ID, n.Name+": "+n.Why, n.Allowed, nil)
	}
	return &Log{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []Run{{Tool{driver}, s.results}},
	}
}

// sarif gathers results.
type sarif struct {
	entrypoint string
	kinds      []string
	results    []Result
}

// entrypoint is where a change is shown of which no line is known.
const entrypoint = "authz/authz.rego"

func (s *sarif) add(kind, id, text, allowed string, places []Place) {
	r := Result{
		RuleID: kind, RuleIndex: slices.Index(s.kinds, kind), Level: levels[kind], Message: Message{text},
		Locations: []Location{}, Fingerprints: map[string]string{"wardgatePolicyDiff/v1": id},
	}
	if r.Level == "" {
		r.Level = "note"
	}
	if allowed != "" {
		r.Suppressions = []Suppression{{"external", allowed}}
	}
	// What stands in the old book alone has no line in the new one, unless nothing else has.
	here := slices.DeleteFunc(slices.Clone(places), func(p Place) bool { return p.Old })
	for _, p := range append(here, Place{File: s.entrypoint, Line: 1})[:max(1, min(len(here), 10))] {
		r.Locations = append(r.Locations, Location{PhysicalLocation{ArtifactLocation{p.File}, Region{max(p.Line, 1)}}})
	}
	for _, p := range places {
		if p.Old && len(here) == 0 {
			r.Locations[0].Physical.Artifact.URI = p.File
			break
		}
	}
	s.results = append(s.results, r)
}

// sentence is a class in one text.
func (one *Class) sentence() string {
	text := titles[one.Effect]
	if len(one.Actions) > 0 {
		text += ": " + short(one.Actions) + " by " + short(one.Roles)
	}
	text += " (" + one.Change + "): " + strings.Join(one.What(), ", ") + "."
	if len(one.Where) > 0 {
		rows := one.rows()
		text += " Where " + rows[0].String()
		if len(rows) > 1 {
			text += fmt.Sprintf(", or in %d other rows of conditions", len(rows)-1)
		}
		text += "."
	}
	return text + " Example: " + strings.Join(one.Example.Situation, ", ") + "."
}

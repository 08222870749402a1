package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	node "go.yaml.in/yaml/v3"
)

// A member is what an entry of a list may hold under a name: one of the kinds, or
// members of its own.
type member struct {
	kind string
	of   map[string]member
}

const (
	aText    = "a text"
	texts    = "a list of texts"
	aTime    = "a time, such as 30s or 10m"
	aCount   = "a number from 1"
	anAmount = "a number, or a text with its unit"
	named    = "names of headers, each with a text"
	cookies  = "none, sealed, or {plain: [NAME, …]}"
)

// applicationMembers are all that an entry of applications may hold. What is not here
// is refused: a word that does nothing would be believed to hold.
var applicationMembers = map[string]member{
	"name":           {kind: aText},
	"hosts":          {kind: texts},
	"upstreams":      {kind: texts},
	"plain_http":     {kind: texts},
	"ca_file":        {kind: aText},
	"cookies":        {kind: cookies},
	"answer_headers": {kind: texts},
	"answer_limit":   {kind: anAmount},
	"health": {of: map[string]member{
		"path":      {kind: aText},
		"interval":  {kind: aTime},
		"timeout":   {kind: aTime},
		"unhealthy": {kind: aCount},
		"healthy":   {kind: aCount},
	}},
	"breaker": {of: map[string]member{
		"failures": {kind: aCount},
		"rest":     {kind: aTime},
	}},
	"first_byte":  {kind: aTime},
	"idle":        {kind: aTime},
	"upgrades":    {kind: texts},
	"connections": {kind: aCount},
	"quota":       {kind: aCount},
	"weight":      {kind: aCount},
	"credentials": {of: map[string]member{
		"basic_file":       {kind: aText},
		"bearer_file":      {kind: aText},
		"certificate_file": {kind: aText},
		"key_file":         {kind: aText},
	}},
	"headers": {of: map[string]member{
		"request": {of: map[string]member{"pass": {kind: texts}, "remove": {kind: texts}, "set": {kind: named}}},
		"answer":  {of: map[string]member{"remove": {kind: texts}, "set": {kind: named}}},
	}},
	"unauthenticated_identity": {kind: aText},
	"tell": {of: map[string]member{
		"headers": {kind: named},
		"statement": {of: map[string]member{
			"audience": {kind: aText},
			"header":   {kind: aText},
			"claims":   {kind: texts},
		}},
	}},
}

// A memberFault is about a member of an entry, whose place in it is known.
type memberFault struct {
	path string // "breaker.failures"
	err  error
}

func (f *memberFault) Error() string { return f.err.Error() }

func (f *memberFault) Unwrap() error { return f.err }

// A reader takes the entries of a list, and tells what is wrong with each.
type reader func(list []any, fault func(entry int, err error))

// entriesOf reads entries that hold some of these members. What would be overlooked, or
// turned into something else, is a fault.
func entriesOf(known map[string]member, example string) reader {
	return func(list []any, fault func(entry int, err error)) {
		for i, item := range list {
			entry, ok := item.(map[string]any)
			if !ok {
				fault(i, fmt.Errorf("entry %d: expected an entry such as %s", i+1, example))
				continue
			}
			called := fmt.Sprintf("entry %d", i+1)
			if name, is := entry["name"].(string); is && name != "" {
				called = name
			}
			for _, err := range readMembers(entry, known, "") {
				fault(i, fmt.Errorf("%s: %w", called, err))
			}
		}
	}
}

func readMembers(entry map[string]any, known map[string]member, above string) (faults []error) {
	fault := func(name, format string, args ...any) {
		faults = append(faults, &memberFault{above + name, fmt.Errorf(format, args...)})
	}
	for _, name := range slices.Sorted(maps.Keys(entry)) {
		want, is := known[name]
		if !is {
			names := slices.Sorted(maps.Keys(known))
			fault(name, "unknown member %q%s; known are %s", above+name, meant(name, names), strings.Join(names, ", "))
			continue
		}
		value := entry[name]
		if want.of != nil {
			inner, is := value.(map[string]any)
			if !is {
				fault(name, "%s%s: expected members: some of %s", above, name, strings.Join(slices.Sorted(maps.Keys(want.of)), ", "))
				continue
			}
			faults = append(faults, readMembers(inner, want.of, above+name+".")...)
			continue
		}
		if !want.takes(value) {
			fault(name, "%s%s: expected %s", above, name, want.kind)
		}
	}
	return faults
}

// takes reports whether a value of a file is of the kind.
func (m member) takes(value any) bool {
	switch v := value.(type) {
	case string:
		return m.kind == aText || m.kind == aTime || m.kind == anAmount || m.kind == cookies
	case int:
		return (m.kind == aCount || m.kind == anAmount) && v > 0
	case []any:
		return m.kind == texts && !slices.ContainsFunc(v, func(one any) bool { _, is := one.(string); return !is })
	case map[string]any:
		if m.kind == cookies {
			return len(v) == 1 && member{kind: texts}.takes(v[plainCookies])
		}
		for _, one := range v {
			if _, is := one.(string); !is {
				return false
			}
		}
		return m.kind == named
	default:
		return false
	}
}

// entryLists are the keys that hold lists of entries, with an entry of each, as YAML
// writes it on one line, and their readers.
var entryLists = map[string]struct {
	example string
	read    reader
}{
	reportsKey:      {reportsExample, readReports},
	applicationsKey: {applicationExample, entriesOf(applicationMembers, applicationExample)},
	certificatesKey: {certificateExample, entriesOf(certificateMembers, certificateExample)},
}

// entriesFromText reads entries as the environment has them: a list in YAML.
func entriesFromText(key, text string) ([]any, error) {
	of, list := entryLists[key], []any{}
	if err := node.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("environment: %s: expected a list in YAML, such as [%s]", envName(key), of.example)
	}
	var faults []error
	of.read(list, func(_ int, err error) {
		faults = append(faults, fmt.Errorf("environment: %s: %w", envName(key), err))
	})
	return list, errors.Join(faults...)
}

// movedKeys are those that others have replaced, and what to do.
var movedKeys = map[string]string{
	"signals.external":                     "is a part of " + reportsKey + " now, such as [" + reportsExample + "]; see docs/events.md",
	"stores.events.elasticsearch.external": "is a part of " + reportsKey + " now, such as [" + reportsExample + "]; see docs/events.md",
	"pep.applications":                     "is the list " + applicationsKey + " now, such as [" + applicationExample + "]; see docs/applications.md",
	"pep.applications_ca_file":             "is ca_file of each entry of " + applicationsKey + " now; see docs/applications.md",
	"pep.origins":                          "is hosts of entries of " + applicationsKey + " now, such as [{name: portal, hosts: [portal.hospital.example]}]; see docs/browsers.md",
	"extauth.applications":                 "is a part of " + applicationsKey + " now: an entry without upstreams, such as {name: archive}; see docs/applications.md",
}

// moved says where a key is now, when it was moved.
func moved(key string) (string, bool) {
	to, is := movedKeys[key]
	return key + " " + to, is
}

func movedFromEnvironment(name string) (string, bool) {
	for key := range movedKeys {
		if name == envName(key) {
			to, _ := moved(key)
			return name + ": " + to, true
		}
	}
	return "", false
}

package engine

import (
	"slices"
	"strings"
)

// settle makes a document that was drawn at random one that may come from the real
// information points: of every two members that contradict each other it gives one up.
func settle(document map[string]any) {
	d := drawn{document}
	d.facts()
	d.credential()
	d.subject()
	d.told()
}

type drawn struct{ document map[string]any }

func (d drawn) text(path string) string {
	at := any(d.document)
	for step := range strings.SplitSeq(path, ".") {
		inner, _ := at.(map[string]any)
		at = inner[step]
	}
	text, _ := at.(string)
	return text
}

func (d drawn) put(value any, paths ...string) {
	for _, path := range paths {
		put(d.document, path, value)
	}
}

// least replaces no word by one.
func (d drawn) least(word string, paths ...string) {
	for _, path := range paths {
		if d.text(path) == "" {
			d.put(word, path)
		}
	}
}

var (
	counts   = []string{"context.signals.requests", "context.signals.denials", "context.signals.failed_log_ins", "context.signals.patients", "context.signals.predictions"}
	journeys = []string{"context.location.drift", "context.location.travel", "context.location.claimed_drift", "context.location.claimed_travel"}
	related  = []string{"context.care.treats", "context.care.same_department", "context.care.own"}
	records  = []string{"subject.properties.staff", "subject.properties.patient", "subject.properties.department"}
)

func (d drawn) known(section string) bool {
	state := d.text("context." + section + ".state")
	return state == "fresh" || state == "stale"
}

func (d drawn) facts() {
	if d.known("signals") {
		d.least("usual", counts...)
	} else {
		d.put("", counts...)
	}
	if d.known("time") {
		d.least("day", "context.time.period")
	} else {
		d.put("", "context.time.period")
	}
	if d.known("location") {
		d.least("off_site", "context.location.place")
	} else {
		d.put("", "context.location.place", "context.location.country")
	}
	if d.text("context.revocation.state") == "stale" {
		d.least("long", "context.revocation.stale_for")
	} else {
		d.put("", "context.revocation.stale_for")
	}
}

func (d drawn) credential() {
	state := d.text("context.credential.state")
	if state != "valid" {
		d.put("", "context.credential.acr", "context.credential.amr")
		d.put("none", "context.credential.factors", "context.credential.elevation")
		d.put("clear", "context.revocation.session")
	}
	context, _ := d.document["context"].(map[string]any)
	switch state {
	case "valid":
		d.put("pwd otp", "context.credential.amr")
		if d.text("context.credential.elevation") != "none" {
			d.put("urn:wardgate:acr:stepped-up", "context.credential.acr")
			d.put("two", "context.credential.factors")
		}
		if d.text("context.credential.factors") != "one" {
			d.put("two", "context.credential.factors")
		}
		delete(context, "caller")
		delete(context, "claims")
	case "delegated":
		d.put("token", "context.caller.kind")
		d.put("", "context.credential.presented")
	case "none":
		d.put("", "context.credential.presented")
		delete(context, "claims")
	default:
		delete(context, "caller")
		delete(context, "claims")
	}
	switch {
	case !d.known("device"):
		d.put("", "context.device.match")
	case state != "valid":
		d.put("unseen", "context.device.match")
	case d.text("context.device.match") == "", d.text("context.credential.presented") != "" && d.text("context.device.match") == "unseen":
		d.put("same", "context.device.match")
	}
	d.workstation(state)
}

// workstation is where a session was begun, if it was at one at all.
func (d drawn) workstation(state string) {
	at := d.text("context.device.workstation")
	switch {
	case !d.known("device"):
		d.put("", "context.device.workstation")
	case at == "", state != "valid", d.text("context.device.match") == "unseen",
		at == "registered" && d.text("context.location.place") == "off_site":
		d.put("none", "context.device.workstation")
	}
	if d.text("context.device.workstation") != "registered" {
		d.put("", "context.device.tap")
	} else {
		d.least("none", "context.device.tap")
	}
}

func (d drawn) subject() {
	state := d.text("context.credential.state")
	if state != "valid" && state != "delegated" {
		d.put("anonymous", "subject.type")
		d.put("", slices.Concat(records, []string{"subject.id", "subject.properties.account", "subject.properties.role"})...)
		d.put("clear", "context.revocation.subject")
		d.put("none", "context.revocation.step_up")
		d.put("unknown", "context.care.state")
	} else {
		d.put("u-1", "subject.id")
		if d.text("subject.type") != "machine" {
			d.put("user", "subject.type")
		}
	}
	if d.text("subject.type") == "machine" {
		d.put("machine", "subject.properties.role")
		d.put("none", "context.credential.elevation")
		d.put("", records...)
	}
	if d.text("subject.properties.account") == "" {
		d.put("", append(slices.Clone(records), "subject.properties.role")...)
	}
	for i, path := range related {
		if !d.known("care") || d.text(records[[]int{0, 2, 1}[i]]) == "" {
			d.put(false, path)
		}
	}
}

func (d drawn) told() {
	if d.text("subject.type") != "anonymous" {
		d.put("", "context.log_in.factor")
	}
	if d.text("context.credential.presented") != "" {
		d.put("", "context.log_in.factor")
		d.put("none", "context.log_in.familiar")
	}
	if d.text("context.log_in.factor") == "" {
		d.put("none", "context.log_in.failures")
	}
	if d.text("context.credential.presented") != "" || d.text("context.credential.state") != "valid" {
		d.put("", journeys...)
	}
}

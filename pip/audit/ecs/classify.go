package ecs

import (
	"net/http"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pip"
)

// A class is where ECS files an event: event.kind, event.category, event.type,
// with ECS's allowed words only.
type class struct {
	kind     string
	category []string
	types    []string
}

func classify(e *pip.Event) class {
	c := file(e)
	c.kind = "event"
	if alarming(e) {
		c.kind = "alert"
		c.category = append(c.category, "intrusion_detection")
		if !slices.ContainsFunc(c.types, func(t string) bool { return t == "info" || t == "denied" }) {
			c.types = append(c.types, "info")
		}
	}
	return c
}

// alarming events are alerts: those that the rule book calls alarms, and what
// the sentinel and other systems reported.
func alarming(e *pip.Event) bool {
	return e.Alarm || strings.HasPrefix(e.Action, "sentinel.") || strings.HasPrefix(e.Action, "intrusion.")
}

func file(e *pip.Event) class {
	switch e.Kind {
	case pip.KindDecision:
		return class{category: []string{"api", "web"}, types: []string{"access", verdict(e.Allow)}}
	case pip.KindOutcome:
		return class{category: []string{"web"}, types: outcomeTypes(e)}
	case pip.KindStream:
		return class{category: []string{"web"}, types: []string{"access"}}
	case pip.KindSession:
		return session(e)
	case pip.KindAccount:
		return class{category: []string{"iam"}, types: accountTypes(e)}
	case pip.KindPolicy:
		return class{category: []string{"configuration"}, types: []string{"change"}}
	default:
		return class{category: []string{"process"}, types: systemTypes(e)}
	}
}

func verdict(allow bool) string {
	if allow {
		return "allowed"
	}
	return "denied"
}

func outcomeTypes(e *pip.Event) []string {
	if e.Status >= http.StatusInternalServerError {
		return []string{"access", "error"}
	}
	return []string{"access"}
}

func session(e *pip.Event) class {
	switch {
	case strings.HasSuffix(e.Action, ".end"):
		return class{category: []string{"session"}, types: []string{"end"}}
	case e.Action == "session.create" && e.Outcome == "success" || e.Action == "machine.log_in" && e.Outcome == "success":
		return class{category: []string{"authentication", "session"}, types: []string{"start"}}
	case strings.HasPrefix(e.Action, "ban."):
		return class{category: []string{"iam"}, types: []string{"admin", "change"}}
	case slices.Contains([]string{"session.carry", "session.continue", "session.elevate", "session.refresh", "session.resume"}, e.Action):
		return class{category: []string{"authentication", "session"}, types: []string{"info"}}
	default: // an attempt that began no session
		return class{category: []string{"authentication"}, types: []string{"start"}}
	}
}

func accountTypes(e *pip.Event) []string {
	switch {
	case strings.HasPrefix(e.Action, "workstation."):
		return []string{"admin", "change"}
	case strings.HasSuffix(e.Action, ".add") || strings.HasSuffix(e.Action, ".create") || strings.HasSuffix(e.Action, ".verify"):
		return []string{"user", "creation"}
	case strings.HasSuffix(e.Action, ".delete") || strings.HasSuffix(e.Action, ".remove"):
		return []string{"user", "deletion"}
	default:
		return []string{"user", "change"}
	}
}

func systemTypes(e *pip.Event) []string {
	switch e.Action {
	case "start", "journal.open":
		return []string{"start"}
	case "stop", "journal.close":
		return []string{"end"}
	case "journal.repair":
		return []string{"change"}
	default:
		return []string{"info"}
	}
}

package opalogs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A rule of a mask, as OPA's decision logs define it: a path is removed, or
// with op "upsert" given another value.
type rule struct {
	path   string
	parts  []string // below the event
	upsert bool
	value  any
}

// apply masks an event and notes in it what was masked. A rule that names
// nothing in this event changes nothing; one that makes no sense is an error,
// because what it meant to hide is unknown.
func apply(event map[string]any, raw []any) error {
	var erased, masked []string
	for _, v := range raw {
		r, err := parseRule(v)
		if err != nil {
			return err
		}
		switch {
		case event[r.parts[0]] == nil:
		case r.upsert:
			if set(event, r.parts, r.value) {
				masked = append(masked, r.path)
			}
		default:
			if _, gone := remove(event, r.parts); gone {
				erased = append(erased, r.path)
			}
		}
	}
	if len(erased) > 0 {
		event["erased"] = erased
	}
	if len(masked) > 0 {
		event["masked"] = masked
	}
	return nil
}

func parseRule(v any) (rule, error) {
	var r rule
	switch v := v.(type) {
	case string:
		r.path = v
	case map[string]any:
		op, _ := v["op"].(string)
		r.path, _ = v["path"].(string)
		if op != "remove" && op != "upsert" {
			return rule{}, fmt.Errorf("mask: the operation %q is not known", op)
		}
		r.upsert, r.value = op == "upsert", v["value"]
	default:
		return rule{}, errors.New("mask: a rule is neither a path nor an object")
	}
	rest, found := strings.CutPrefix(r.path, "/")
	r.parts = strings.Split(rest, "/")
	if !found || !slices.Contains([]string{"input", "result", "nd_builtin_cache"}, r.parts[0]) {
		return rule{}, fmt.Errorf("mask: the path %q begins with none of /input, /result", r.path)
	}
	return r, nil
}

// remove takes what stands at a path out of a document, and returns the
// document, which is another one when a list became shorter.
func remove(document any, parts []string) (any, bool) {
	head, rest := parts[0], parts[1:]
	switch d := document.(type) {
	case map[string]any:
		child, there := d[head]
		if !there {
			return d, false
		}
		if len(rest) == 0 {
			delete(d, head)
			return d, true
		}
		var gone bool
		d[head], gone = remove(child, rest)
		return d, gone
	case []any:
		i, err := strconv.Atoi(head)
		if err != nil || i < 0 || i >= len(d) {
			return d, false
		}
		if len(rest) == 0 {
			return slices.Delete(d, i, i+1), true
		}
		var gone bool
		d[i], gone = remove(d[i], rest)
		return d, gone
	default:
		return d, false
	}
}

// set puts a value at a path, and makes the objects on the way to it.
func set(document any, parts []string, value any) bool {
	head, rest := parts[0], parts[1:]
	switch d := document.(type) {
	case map[string]any:
		if len(rest) == 0 {
			d[head] = value
			return true
		}
		if d[head] == nil {
			d[head] = map[string]any{}
		}
		return set(d[head], rest, value)
	case []any:
		i, err := strconv.Atoi(head)
		if err != nil || i < 0 || i >= len(d) {
			return false
		}
		if len(rest) == 0 {
			d[i] = value
			return true
		}
		return set(d[i], rest, value)
	default:
		return false
	}
}

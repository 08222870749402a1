package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// A difference is one member that is not the same on both sides.
type difference struct {
	member   string // JSON pointer; * for each element of a list
	old, new string // as JSON; "absent"
}

const absent = "absent"

// diff reports every member in which two values differ. Lists of texts are one
// value: reasons are a set.
func diff(old, new any) []difference {
	var found []difference
	walk("", "", old, new, func(d difference) { found = append(found, d) })
	return found
}

func walk(at, member string, old, new any, differs func(difference)) {
	switch o := old.(type) {
	case map[string]any:
		if n, same := new.(map[string]any); same {
			walkMembers(at, o, n, differs)
			return
		}
	case []any:
		if n, same := new.([]any); same && !scalars(o) && !scalars(n) {
			walkElements(at, member, o, n, differs)
			return
		}
	}
	if a, b := written(old), written(new); a != b && !closeBy(member, a, b) {
		differs(difference{at, a, b})
	}
}

func walkMembers(at string, old, new map[string]any, differs func(difference)) {
	names := slices.Sorted(maps.Keys(old))
	for name := range new {
		if _, both := old[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		o, inOld := old[name]
		n, inNew := new[name]
		if inOld && inNew {
			walk(at+"/"+name, name, o, n, differs)
			continue
		}
		d := difference{at + "/" + name, absent, absent}
		if inOld {
			d.old = written(o)
		} else {
			d.new = written(n)
		}
		differs(d)
	}
}

func walkElements(at, member string, old, new []any, differs func(difference)) {
	for i := range min(len(old), len(new)) {
		walk(at+"/*", member, old[i], new[i], differs)
	}
	for _, o := range old[min(len(old), len(new)):] {
		differs(difference{at + "/*", written(o), absent})
	}
	for _, n := range new[min(len(old), len(new)):] {
		differs(difference{at + "/*", absent, written(n)})
	}
}

func scalars(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool {
		switch v.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

func written(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

// closeBy reports whether two numbers of seconds are the same but for the moment
// at which they were counted.
func closeBy(member, a, b string) bool {
	if !looseMembers[member] {
		return false
	}
	x, errX := strconv.Atoi(trimQuotes(a))
	y, errY := strconv.Atoi(trimQuotes(b))
	return errX == nil && errY == nil && max(x-y, y-x) <= 2
}

func trimQuotes(s string) string {
	if len(s) > 1 && s[0] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// A report groups differences by member, and keeps one example of each change.
type report struct {
	groups map[string]*group
	listed []exception
}

type group struct {
	difference
	count   int
	example string // of which request
	listed  bool
}

// An exception is one line of the list of members that may differ.
type exception struct{ member, old, new string }

// readExceptions reads lines of the form
//
//	MEMBER
//	MEMBER: OLD -> NEW
//
// MEMBER is a pointer as the report prints it, or a pattern of one ("*" stands
// for anything but a slash); OLD and NEW are JSON, "absent" or "*". Text behind
// # is a comment.
func readExceptions(file string) ([]exception, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []exception
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		member, values, narrow := strings.Cut(line, ": ")
		e := exception{strings.TrimSpace(member), "*", "*"}
		if narrow {
			before, after, both := strings.Cut(values, " -> ")
			if !both {
				return nil, fmt.Errorf("%s: %q: expected MEMBER: OLD -> NEW", file, line)
			}
			e.old, e.new = strings.TrimSpace(before), strings.TrimSpace(after)
		}
		if _, err := path.Match(e.member, ""); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", file, line, err)
		}
		list = append(list, e)
	}
	return list, nil
}

func (e exception) covers(d difference) bool {
	matched, _ := path.Match(e.member, d.member)
	return (matched || e.member == d.member) && (e.old == "*" || e.old == d.old) && (e.new == "*" || e.new == d.new)
}

func newReport(ignore string) (*report, error) {
	listed, err := readExceptions(ignore)
	return &report{groups: map[string]*group{}, listed: listed}, err
}

// add takes the differences of one request.
func (r *report) add(example string, found []difference) {
	for _, d := range found {
		listed := slices.ContainsFunc(r.listed, func(e exception) bool { return e.covers(d) })
		key := d.member + fmt.Sprint(listed)
		g := r.groups[key]
		if g == nil {
			g = &group{difference: d, example: example, listed: listed}
			r.groups[key] = g
		}
		g.count++
	}
}

// print says what differs, and reports whether something does that is not listed.
func (r *report) print(w io.Writer) (unlisted bool) {
	groups := make([]*group, 0, len(r.groups))
	for _, g := range r.groups {
		groups = append(groups, g)
		unlisted = unlisted || !g.listed
	}
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Or(b.count-a.count, strings.Compare(a.member, b.member)) })
	for _, listed := range []bool{false, true} {
		for _, g := range groups {
			if g.listed != listed {
				continue
			}
			state := "DIFFERS"
			if listed {
				state = "listed "
			}
			fmt.Fprintf(w, "%s %6d  %s\n    old  %s\n    new  %s\n    at   %s\n", state, g.count, g.member, short(g.old), short(g.new), g.example)
		}
	}
	return unlisted
}

// longest is how much of a value is printed.
const longest = 400

func short(s string) string {
	if len(s) > longest {
		return s[:longest] + "…"
	}
	return s
}

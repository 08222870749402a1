package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CheckFile reads the YAML file as Read does and checks it for a process
// with these roles. Faults of form and of value are reported together, each
// with its line, or with the variable of the environment that it comes from.
// files looks for the files that keys name too, on the machine that has them.
func CheckFile(file string, environ, roles []string, files bool) error {
	r := readWhole(file, environ)
	var err error
	if r.config.Roles, err = ParseRoles(roles); err != nil {
		r.faults = append(r.faults, err)
	}
	return r.check(file, files)
}

func (r *reading) check(file string, files bool) error {
	var all []placed
	for _, err := range flat(r.faults) {
		all = append(all, placed{line: lineIn(file, err), err: err})
	}
	values := r.config.valueFaults()
	if files {
		values = append(values, r.config.fileFaults()...)
	}
	for _, err := range flat(values) {
		all = append(all, r.place(file, err))
	}
	slices.SortStableFunc(all, func(x, y placed) int { return cmp.Compare(x.line, y.line) })
	faults := make([]error, len(all))
	for i, one := range all {
		faults[i] = one.err
	}
	return errors.Join(faults...)
}

// A placed fault knows its line in the file; 0 for none.
type placed struct {
	line int
	err  error
}

// place says where the value stands that a fault is about. A fault begins with
// the keys that it is about.
func (r *reading) place(file string, fault error) placed {
	if one, is := errors.AsType[*entryFault](fault); is && r.here[one.key] != nil && r.over[one.key] == nil {
		line := lineOfMember(&r.root, one.key, one.entry, one.member)
		return placed{line, fmt.Errorf("%s:%d: %w", file, line, fault)}
	}
	keys, _, _ := strings.Cut(fault.Error(), ":")
	for key := range strings.SplitSeq(keys, ", ") {
		if _, set := r.over[key]; set {
			return placed{err: fmt.Errorf("environment: %s: %w", envName(key), fault)}
		}
		if line, set := r.lineOf(key); set {
			return placed{line, fmt.Errorf("%s:%d: %w", file, line, fault)}
		}
	}
	return placed{err: fault}
}

// lineOf is the line of a key of the file, or of the first key below it.
func (r *reading) lineOf(key string) (line int, set bool) {
	for here := range r.here {
		if here != key && !strings.HasPrefix(here, key+".") {
			continue
		}
		if at := lineOf(&r.root, strings.Split(here, ".")); !set || at < line {
			line, set = at, true
		}
	}
	return line, set
}

// lineIn reads the line that a fault of form begins with.
func lineIn(file string, fault error) (line int) {
	if rest, ok := strings.CutPrefix(fault.Error(), file+":"); ok {
		_, _ = fmt.Sscanf(rest, "%d:", &line)
	}
	return line
}

// flat takes joined errors apart.
func flat(faults []error) (all []error) {
	for _, err := range faults {
		if joined, is := err.(interface{ Unwrap() []error }); is {
			all = append(all, flat(joined.Unwrap())...)
		} else if err != nil {
			all = append(all, err)
		}
	}
	return all
}

package answer

import (
	"fmt"
	"slices"
	"strings"
)

// A Class says which way an answer moved.
type Class string

// The classes. Equal is the zero one.
const (
	Equal    Class = ""
	Looser   Class = "looser"   // what was refused, limited or owed is less than before
	Stricter Class = "stricter" // it is more
	Other    Class = "other"    // neither: both, or nothing that can be ordered
)

// Classes are the ways in which an answer can have moved.
func Classes() []Class { return []Class{Looser, Stricter, Other} }

// Join is the class of two movements together.
func (c Class) Join(o Class) Class {
	switch {
	case c == o || o == Equal:
		return c
	case c == Equal:
		return o
	default:
		return Other
	}
}

// A Difference is what two whole answers to one question do not have in common.
type Difference struct {
	Class Class
	// Parts say what came (+), what went (-) and what changed (~), sorted: "+night",
	// "-withhold", "+withhold.fields:contact", "~step_up.max_age:300->600". Ids of
	// rows and people are none of it: the same change has the same parts.
	Parts []string
	Told  bool // the clients of two denials are told otherwise
}

// Compare says how an answer differs from the one before. Where one of the two
// allows and the other denies, its codes are all that is said.
func Compare(before, after *Whole) Difference {
	var d Difference
	if before.Equal(after) {
		return d
	}
	d.lists("", before.Reasons, after.Reasons)
	switch {
	case before.Allow && !after.Allow:
		d.Class = Stricter
	case !before.Allow && after.Allow:
		d.Class = Looser
	default:
		if len(d.Parts) > 0 {
			d.Class = Other // denied for other reasons
		}
		d.tell(before, after)
		d.duties(before, after)
	}
	slices.Sort(d.Parts)
	d.Parts = slices.Compact(d.Parts)
	return d
}

func (d *Difference) add(c Class, format string, args ...any) {
	d.Class = d.Class.Join(c)
	d.Parts = append(d.Parts, fmt.Sprintf(format, args...))
}

// lists names what came and what went.
func (d *Difference) lists(name string, before, after []string) (more, fewer bool) {
	for _, one := range after {
		if !slices.Contains(before, one) {
			d.Parts, more = append(d.Parts, "+"+name+one), true
		}
	}
	for _, one := range before {
		if !slices.Contains(after, one) {
			d.Parts, fewer = append(d.Parts, "-"+name+one), true
		}
	}
	return more, fewer
}

// tell compares what the clients of two denials are told.
func (d *Difference) tell(before, after *Whole) {
	if before.told(after) {
		return
	}
	d.Told = true
	if before.Status != after.Status {
		d.add(Other, "~status:%d->%d", before.Status, after.Status)
	}
	if before.Alarm != after.Alarm {
		d.add(Other, "~alarm:%t->%t", before.Alarm, after.Alarm)
	}
	if slices.Equal(before.Reasons, after.Reasons) && !slices.Equal(before.Shown, after.Shown) {
		d.add(Other, "~shown:%s->%s", strings.Join(before.Shown, "+"), strings.Join(after.Shown, "+"))
	}
}

// duties compares obligation by obligation: of one id all that stand together.
func (d *Difference) duties(before, after *Whole) {
	bare := before.Bare || after.Bare
	for _, id := range ids(before, after) {
		was, now := before.of(id), after.of(id)
		switch {
		case len(was) == 0:
			d.add(Stricter, "+%s", id)
			if !bare {
				d.properties(id, nil, now)
			}
		case len(now) == 0:
			d.add(Looser, "-%s", id)
		case !bare:
			d.properties(id, was, now)
		case len(was) != len(now):
			d.add(Other, "~%s:%d->%d", id, len(was), len(now))
		}
	}
}

func ids(answers ...*Whole) []string {
	var all []string
	for _, w := range answers {
		for i := range w.Duties {
			all = append(all, w.Duties[i].ID)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// of are the duties with that id.
func (w *Whole) of(id string) []Duty {
	return slices.DeleteFunc(slices.Clone(w.Duties), func(d Duty) bool { return d.ID != id })
}

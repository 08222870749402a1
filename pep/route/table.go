package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
)

// A tree has the rows that are asked at one host, or at all that are no application's own.
type tree struct {
	exact   node
	plain   map[string]*place // by path, of those without a parameter, than which none is stricter
	longest int               // of their paths, in bytes
	spell   node              // of folded paths
	places  []*place
	// mixed trees have rows of applications of which it is not known whether they share
	// a host: what the rows of one say of another's is passed over.
	mixed bool
}

// add holds that a row is sound, and puts it into the tree.
func (t *tree) add(of *pdp.Route) error {
	template, err := parse(of.Path)
	if err = errors.Join(requiredFault(of), err); err != nil {
		return err
	}
	r := row{route: of, id: slices.Index(named(template), of.Resource)}
	if r.query, err = queryOf(of); err != nil {
		return err
	}
	if err := errors.Join(r.resourceFault(template), ownFault(of, template), tailFault(of, template)); err != nil {
		return err
	}
	end := t.exact.ends(template)
	if len(*end) == 0 {
		p := &place{template: template, folded: folded(template)}
		*end = []*place{p}
		spelled := t.spell.ends(p.folded)
		*spelled = append(*spelled, p)
		t.places = append(t.places, p)
		if !strings.Contains(of.Path, "{") {
			if t.plain == nil {
				t.plain = map[string]*place{}
			}
			t.plain[of.Path] = p
			t.longest = max(t.longest, len(of.Path))
		}
	}
	p := (*end)[0]
	for i := range p.rows {
		if other := p.rows[i].route; other.Method == of.Method {
			return fmt.Errorf("the table has this request line twice: it is that of %s %s (%s, %s)", other.Method, other.Path, other.Application, other.Action)
		}
	}
	p.rows = append(p.rows, r)
	return nil
}

func requiredFault(of *pdp.Route) error {
	if of.Method == "" || of.Application == "" || of.Action == "" || of.Resource == "" {
		return errors.New("method, application, action and resource are required")
	}
	if !slices.Contains(pdp.Bodies, of.Body) {
		return fmt.Errorf("body: expected one of %s", strings.Join(pdp.Bodies, ", "))
	}
	return errors.Join(of.BodyFaults()...)
}

// resourceFault holds that a row has one place at most in which its resource's id stands,
// and one where it has parameters: without its id the resource would be judged as a
// collection.
func (r *row) resourceFault(template []element) error {
	switch {
	case isTail(template) && template[len(template)-1].text == r.route.Resource:
		return fmt.Errorf("path: {%s...} is named as the resource, of which a rest is no id: choose another name", r.route.Resource)
	case r.query != nil && r.id >= 0:
		return fmt.Errorf("query: the resource's id stands in the path already, as {%s}", r.route.Resource)
	case r.query == nil && r.id < 0 && len(named(template)) > 0:
		return fmt.Errorf("path: no parameter is named as the resource, {%s}", r.route.Resource)
	}
	return nil
}

// ownFault holds that Wardgate's own services have rows of ids alone, as they read them.
func ownFault(of *pdp.Route, template []element) error {
	if !isOwn(of) {
		return nil
	}
	for _, e := range template {
		if e.kind != literal && e.kind != id {
			return fmt.Errorf("path: Wardgate's own services take ids alone, {%s}, and each path has a row", e.text)
		}
	}
	if of.Query != "" {
		return errors.New("query: Wardgate's own services take ids in paths alone")
	}
	return nil
}

// tailFault holds that a rest is for reading: what writes has rows of its own paths.
func tailFault(of *pdp.Route, template []element) error {
	if isTail(template) && of.Method != "GET" && of.Method != "HEAD" {
		return fmt.Errorf("path: {%s...} takes GET and HEAD alone: for %s write rows of the paths that are meant", template[len(template)-1].text, of.Method)
	}
	return nil
}

// keep has the tree know paths that are kept for Wardgate's own, at every host.
func (t *tree) keep(path string) {
	template := []element{{literal, fold(path[1:])}, {kind: rest}}
	spelled := t.spell.ends(template)
	*spelled = append(*spelled, &place{template: template, folded: template})
}

// seal looks at all rows of the tree together: which paths two of them claim, and which
// paths of one are another's in another spelling. shared is for the tree of more
// applications than one.
func (t *tree) seal(shared bool) (faults []error) {
	for i, p := range t.places {
		p.allow = p.methods()
		t.exact.overlapping(p.template, false, func(q *place) {
			stricter, looser := order(p.template, q.template)
			p.covered = p.covered || stricter && !looser
			switch {
			case q == p || t.mixed && !(p.own() && q.own()):
			case shared && isTail(p.template) && q.own():
				faults = append(faults, fmt.Errorf("%s: path: there Wardgate has %s: an application without hosts of its own takes the rest of other paths alone", p, q))
			case stricter && looser && slices.Index(t.places, q) < i && !t.has(meet(p.template, q.template)):
				faults = append(faults, fmt.Errorf("%s: path: it ties with %s, for each is stricter in a segment: a row for %s would say what is meant",
					p, q, write(meet(p.template, q.template))))
			}
		})
		t.spell.overlapping(p.folded, true, func(q *place) {
			p.guarded = p.guarded || t.outranks(q, p, p.folded) && !alike(q.template, p.template)
		})
	}
	return faults
}

// has reports whether a place has the template, whatever it calls its parameters.
func (t *tree) has(template []element) bool {
	return slices.ContainsFunc(t.places, func(p *place) bool {
		return slices.EqualFunc(p.template, template, func(a, b element) bool {
			return a.kind == b.kind && (a.kind != literal || a.text == b.text)
		})
	})
}

// outranks reports whether q is stricter in some segment than p is as far as it counts.
func (t *tree) outranks(q, p *place, counts []element) bool {
	stricter, _ := order(q.folded, counts)
	return q != p && stricter && (!t.mixed || q.own() || q.shares(p))
}

// alike reports whether a path of b of which another spelling is one of a is a path of a
// itself, so that b never takes it.
func alike(a, b []element) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		switch {
		case a[i].kind == rest || b[i].kind == rest:
			return false
		case a[i].kind == literal && b[i].kind == literal && a[i].text != b[i].text:
			return false
		case b[i].kind != literal && (!b[i].kind.one() || a[i].kind == literal && fold(a[i].text) != a[i].text):
			return false
		case b[i].kind == literal && a[i].kind != literal && fold(b[i].text) != b[i].text:
			return false
		}
	}
	return true
}

// otherwise reports whether another spelling of a path of p is one of a stricter place.
func (t *tree) otherwise(path string, p *place) bool {
	return t.spell.spelled(path[1:], true, func(q *place, behind bool) bool {
		counts := p.folded
		if behind { // a row that names the file says what is behind it
			counts = counts[:min(len(counts), len(q.folded))]
		}
		return t.outranks(q, p, counts)
	})
}

// methods are those of a place, in the form of the header Allow.
func (p *place) methods() string {
	var list []string
	for _, method := range pdp.Methods {
		if p.row(method) != nil {
			list = append(list, method)
		}
	}
	return strings.Join(list, ", ")
}

// String names the rows of a place.
func (p *place) String() string {
	if len(p.rows) == 0 {
		return write(p.template)
	}
	of := p.rows[0].route
	methods := make([]string, len(p.rows))
	for i := range p.rows {
		methods[i] = p.rows[i].route.Method
	}
	return fmt.Sprintf("%s %s (%s, %s)", strings.Join(methods, ","), of.Path, of.Application, of.Action)
}

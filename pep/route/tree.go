package route

import (
	"strings"

	"github.com/wardgate/wardgate/pdp"
)

// A place is a path of the table, with the rows that it has.
type place struct {
	template []element
	folded   []element
	rows     []row  // of one method each
	allow    string // their methods, in the form of the header Allow
	guarded  bool   // it takes paths that in another spelling are those of a stricter one
	covered  bool   // a looser one takes all of its paths too
}

// isFile reports whether the path ends in a word that looks like a file's name, behind which
// servers take more of a path for information of a script's (CGI's PATH_INFO).
func (p *place) isFile() bool {
	n := len(p.folded)
	return n > 0 && p.folded[n-1].kind == literal && strings.Contains(p.folded[n-1].text, ".")
}

// A row is a route with where its resource's id stands.
type row struct {
	route *pdp.Route
	id    int    // which of the named parameters it is; -1 for none
	query *query // nil where the query names no resource
}

// row is that of a method. HEAD without a row of its own is GET, of which it asks for the
// header alone (RFC 9110, section 9.3.2).
func (p *place) row(method string) *row {
	for i := range p.rows {
		if p.rows[i].route.Method == method {
			return &p.rows[i]
		}
	}
	if method == "HEAD" {
		return p.row("GET")
	}
	return nil
}

// own reports whether a row of the place is of one of Wardgate's own services.
func (p *place) own() bool {
	for i := range p.rows {
		if isOwn(p.rows[i].route) {
			return true
		}
	}
	return len(p.rows) == 0 // what is kept for them
}

// shares reports whether two places have rows of one application.
func (p *place) shares(other *place) bool {
	for i := range p.rows {
		for j := range other.rows {
			if p.rows[i].route.Application == other.rows[j].route.Application {
				return true
			}
		}
	}
	return false
}

// A node is what may follow one beginning of a path. Of paths as they are, a place ends
// in one node alone; of folded ones several may.
type node struct {
	words  []word
	static map[string]*node // of the words, where there are many
	params []param          // the stricter first
	here   []*place
	rest   []*place
}

type word struct {
	text string
	next *node
}

// few is how many words are compared one by one, which is quicker than to hash one.
const few = 6

// word is the node for a plain segment, nil for none.
func (n *node) word(text string) *node {
	if n.static != nil {
		return n.static[text]
	}
	for i := range n.words {
		if n.words[i].text == text {
			return n.words[i].next
		}
	}
	return nil
}

type param struct {
	kind kind
	next *node
}

// child is the node for one element, which is made where there is none.
func (n *node) child(e element) *node {
	if e.kind == literal {
		if next := n.word(e.text); next != nil {
			return next
		}
		next := &node{}
		n.words = append(n.words, word{e.text, next})
		if n.static == nil && len(n.words) > few {
			n.static = map[string]*node{}
			for _, w := range n.words {
				n.static[w.text] = w.next
			}
		}
		if n.static != nil {
			n.static[e.text] = next
		}
		return next
	}
	at := 0
	for ; at < len(n.params) && n.params[at].kind <= e.kind; at++ {
		if n.params[at].kind == e.kind {
			return n.params[at].next
		}
	}
	n.params = append(n.params, param{})
	copy(n.params[at+1:], n.params[at:])
	n.params[at] = param{e.kind, &node{}}
	return n.params[at].next
}

// ends are the places of a template below n.
func (n *node) ends(template []element) *[]*place {
	for _, e := range template {
		if e.kind == rest {
			return &n.rest
		}
		n = n.child(e)
	}
	return &n.here
}

// ids holds the parameters on the way to a place; templates have few.
type ids struct {
	n    int
	vals [maxParameters]string
}

// find is the place of what is left of a path: of the strictest template that takes it.
// With a method, places without a row of it are passed over.
func (n *node) find(left, method string, ids *ids) *place {
	segment, tail, more := left, "", false
	if i := strings.IndexByte(left, '/'); i >= 0 {
		segment, tail, more = left[:i], left[i+1:], true
	}
	if next := n.word(segment); next != nil {
		if p := next.step(tail, more, method, ids); p != nil {
			return p
		}
	}
	for i := range n.params {
		p := &n.params[i]
		if ids.n == len(ids.vals) || !p.kind.takes(segment) {
			continue
		}
		ids.vals[ids.n] = segment
		ids.n++
		if found := p.next.step(tail, more, method, ids); found != nil {
			return found
		}
		ids.n--
	}
	if len(n.rest) > 0 && isRest(left) {
		return serving(n.rest, method)
	}
	return nil
}

func (n *node) step(tail string, more bool, method string, ids *ids) *place {
	switch {
	case more:
		return n.find(tail, method, ids)
	case len(n.here) == 0:
		return nil
	default:
		return serving(n.here, method)
	}
}

func serving(places []*place, method string) *place {
	if len(places) == 0 || method != "" && places[0].row(method) == nil {
		return nil
	}
	return places[0]
}

// spelled calls visit with each place below n of which some spelling of a path is, until
// one answers true; behind says that the path goes on behind that of a file. n is of folded
// paths.
func (n *node) spelled(left string, more bool, visit func(p *place, behind bool) bool) bool {
	var segment string
	for segment == "" && more {
		segment, left, more = strings.Cut(left, "/")
		segment = fold(segment)
	}
	for _, p := range n.rest {
		if visit(p, false) {
			return true
		}
	}
	behind := segment != ""
	for _, p := range n.here {
		if (!behind || p.isFile()) && visit(p, behind) {
			return true
		}
	}
	if !behind {
		return false
	}
	if next := n.word(segment); next != nil && next.spelled(left, more, visit) {
		return true
	}
	for i := range n.params {
		if n.params[i].kind.takes(segment) && n.params[i].next.spelled(left, more, visit) {
			return true
		}
	}
	return false
}

// overlapping calls visit with each place below n that has a path in common with the
// template. The rest of folded paths may be nothing.
func (n *node) overlapping(template []element, foldedPaths bool, visit func(*place)) {
	if len(template) == 0 {
		visitAll(n.here, visit)
		if foldedPaths {
			visitAll(n.rest, visit)
		}
		return
	}
	for _, p := range n.here {
		if foldedPaths && p.isFile() {
			visit(p)
		}
	}
	e := template[0]
	if e.kind == rest {
		n.below(foldedPaths, visit)
		return
	}
	visitAll(n.rest, visit)
	if e.kind == literal {
		if next := n.word(e.text); next != nil {
			next.overlapping(template[1:], foldedPaths, visit)
		}
	} else {
		for _, w := range n.words {
			if e.kind.takes(w.text) {
				w.next.overlapping(template[1:], foldedPaths, visit)
			}
		}
	}
	for i := range n.params {
		p := &n.params[i]
		if e.kind == literal && p.kind.takes(e.text) || e.kind != literal && p.kind.overlaps(e.kind) {
			p.next.overlapping(template[1:], foldedPaths, visit)
		}
	}
}

// below calls visit with all places below n, and where that is said with its own.
func (n *node) below(own bool, visit func(*place)) {
	if own {
		visitAll(n.here, visit)
	}
	visitAll(n.rest, visit)
	for _, w := range n.words {
		w.next.below(true, visit)
	}
	for i := range n.params {
		n.params[i].next.below(true, visit)
	}
}

func visitAll(places []*place, visit func(*place)) {
	for _, p := range places {
		visit(p)
	}
}

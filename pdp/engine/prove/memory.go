package prove

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// A Memory holds which invariants were proved, of what: an edit of the rule book leaves
// most of it as it was, and what is said of that need not be proved again. It holds no
// refutation, so that those are always found anew. Its zero value is empty; it is of one
// program, whose analyser does not change. A nil one remembers nothing.
type Memory struct {
	mu     sync.Mutex
	proof  int // how many were remembered
	proved map[symbolic.Digest]int
}

// proofs is for how many of them something is remembered that none of them asked for.
const proofs = 4

func (m *Memory) has(key symbolic.Digest) bool {
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.proved[key]
	if known {
		m.proved[key] = m.proof
	}
	return known
}

func (m *Memory) add(key symbolic.Digest) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.proved == nil {
		m.proved = map[symbolic.Digest]int{}
	}
	m.proved[key] = m.proof
}

// forget ends a proof.
func (m *Memory) forget() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.proof++
	maps.DeleteFunc(m.proved, func(_ symbolic.Digest, last int) bool { return last+proofs < m.proof })
}

// recall gives each invariant its key, and returns those that are known to be proved.
// It asks before the invariants are analysed, when the space is that of the rules alone.
//
// Two invariants of one key have the same verdict: the same text, over the same inputs,
// about the same functions of them. Of what is no function (tables, which an invariant may
// read as they are) the key has the text of all files that what it reads comes from. What
// cannot be told so precisely is put into the key whole.
func (p *prover) recall(ctx context.Context, m *Memory) (map[*invariant]bool, error) {
	if m == nil {
		return nil, nil
	}
	ground, err := p.ground(ctx)
	if err != nil {
		return nil, err
	}
	digests, known := p.Diagrams.Digests(), map[*invariant]bool{}
	for _, i := range p.invariants {
		h := symbolic.NewHash()
		h.Digest(ground)
		h.Text(i.At.File, string(p.files[i.At.File]))
		documents := slices.Sorted(maps.Keys(i.looks.documents))
		if i.Kind == KindMonotone { // it is about everything that is said
			documents = p.book.shape.documents()
		}
		h.Text(documents...)
		for _, name := range documents {
			said, err := p.book.answer(name)
			if err != nil {
				return nil, err
			}
			h.Digest(digests.Answer(said))
		}
		if i.looks.tables {
			p.sources(i, h)
		}
		i.key = h.Sum()
		if m.has(i.key) {
			known[i] = true
		}
	}
	return known, nil
}

// ground is the digest of what every proof depends on: the inputs there are, those of
// them that are possible, and what answers could be.
func (p *prover) ground(ctx context.Context) (symbolic.Digest, error) {
	h := symbolic.NewHash()
	h.Text(AnalyserVersion)
	h.Digest(p.Space.Digest())
	for _, v := range p.Space.Variables() {
		standing := p.standing(v.Path)
		if standing == nil {
			h.Text("")
			continue
		}
		h.Text(standing.String())
	}
	digests := p.Diagrams.Digests()
	h.Digest(digests.Of(p.Complete(p.book)))
	h.Digest(digests.Of(p.Possible(p.book)))
	for _, place := range freePlaces {
		elements, err := p.elements(ctx, place)
		if err != nil {
			return symbolic.Digest{}, err
		}
		h.Text(place)
		for _, e := range elements {
			h.Text(e.String())
		}
	}
	return h.Sum(), nil
}

// sources adds the text of each file from which a table comes that an invariant reads.
func (p *prover) sources(i *invariant, h symbolic.Hash) {
	files := map[string]bool{}
	rest := []*ast.Rule{}
	compiled := p.written.Modules[i.At.File]
	if compiled == nil {
		h.Text(p.book.Revision())
		return
	}
	whole := false
	ast.WalkRefs(compiled, func(ref ast.Ref) bool {
		if !ref.HasPrefix(tablesRef) && !ref.HasPrefix(sentinelRef) {
			return false
		}
		rules := p.written.GetRulesDynamic(ref)
		whole = whole || len(rules) == 0
		rest = append(rest, rules...)
		return false
	})
	if whole {
		h.Text(p.book.Revision())
	}
	seen := map[*ast.Rule]bool{}
	for len(rest) > 0 {
		r := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		if seen[r] {
			continue
		}
		seen[r] = true
		if r.Location == nil || p.files[r.Location.File] == nil {
			h.Text(p.book.Revision())
			continue
		}
		files[r.Location.File] = true
		if r.Else != nil { // which has dependencies of its own
			rest = append(rest, r.Else)
		}
		for other := range p.written.Graph.Dependencies(r) {
			if rule, isRule := other.(*ast.Rule); isRule {
				rest = append(rest, rule)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h.Text(name, strings.TrimSpace(string(p.files[name])))
	}
}

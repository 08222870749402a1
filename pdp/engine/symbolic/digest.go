package symbolic

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
)

// A Digest names something by its content.
type Digest [sha256.Size]byte

// Hash puts a digest together.
type Hash struct{ h hash.Hash }

// NewHash begins a digest.
func NewHash() Hash { return Hash{sha256.New()} }

// Text adds texts. Each goes with its length, so that two lists of texts are never one.
func (h Hash) Text(texts ...string) {
	for _, t := range texts {
		_, _ = h.h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(t))))
		_, _ = io.WriteString(h.h, t)
	}
}

// Digest adds a digest.
func (h Hash) Digest(d Digest) { _, _ = h.h.Write(d[:]) }

// Sum is the digest of all that was added.
func (h Hash) Sum() (d Digest) {
	h.h.Sum(d[:0])
	return d
}

// Digest names a space with everything in it: members, in their order, with all of
// their values. Numbers of variables and values mean the same in two spaces of one digest.
func (s *Space) Digest() Digest {
	h := NewHash()
	for _, v := range s.variables {
		h.Text(v.Path, flags(v.Open, v.free, v.word != nil))
		h.Text(binaryText(len(v.Values)), binaryText(len(v.Words)))
		for _, t := range v.Values {
			h.Text(keyOf(t))
		}
		for _, w := range v.Words {
			h.Text(s.variables[w].Path)
		}
	}
	return h.Sum()
}

func flags(list ...bool) string {
	text := make([]byte, len(list))
	for i, is := range list {
		text[i] = '0'
		if is {
			text[i] = '1'
		}
	}
	return string(text)
}

func binaryText(n int) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }

// Digests names functions by what they are. In spaces of one digest, functions are the
// same exactly when their digests are, though they stand in different diagrams.
type Digests struct {
	d     *Diagrams
	known map[Node]Digest
}

// Digests begins to name functions.
func (d *Diagrams) Digests() *Digests { return &Digests{d, map[Node]Digest{}} }

// Of is the digest of a function.
func (g *Digests) Of(n Node) Digest {
	if found, ok := g.known[n]; ok {
		return found
	}
	h := NewHash()
	if n <= Yes {
		h.Text("leaf", binaryText(int(n)))
	} else {
		h.Text("node", binaryText(int(g.d.nodes[n].variable)))
		for _, k := range g.d.children(n) {
			h.Digest(g.Of(k))
		}
	}
	sum := h.Sum()
	g.known[n] = sum
	return sum
}

// Answer is the digest of what a document says where.
func (g *Digests) Answer(a *Answer) Digest {
	h := NewHash()
	h.Text("answer", flags(a.Set), binaryText(len(a.Values)))
	h.Digest(g.Of(a.Fails))
	for i := range a.Values {
		h.Text(flags(a.Values[i].Term != nil), keyOf(a.Values[i].Term))
		h.Digest(g.Of(a.Values[i].Where))
	}
	return h.Sum()
}

package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

const (
	maxRecord = 1 << 20                        // bytes of one record's JSON
	maxLine   = HashDigits + 1 + 1 + maxRecord // with hash, blank and newline
	MaxBatch  = 4 << 20                        // bytes that one group commit gathers before it stops
	MaxTail   = MaxBatch + 2*maxLine           // no unacknowledged batch is longer than this

	HashDigits = 2 * sha256.Size
	Format     = 1
)

type digest = [sha256.Size]byte

// A Header is the first line of a segment. It ties the segment to its place
// in its own chain.
type Header struct {
	Format   int       `json:"format"`
	Chain    string    `json:"chain"`
	Segment  int       `json:"segment"`
	First    uint64    `json:"first"`    // seq of the segment's first record
	Previous string    `json:"previous"` // last hash of the segment before
	Created  time.Time `json:"created"`
}

// A Line is one line taken apart, not yet checked against anything. Its slices
// alias the line.
type Line struct {
	Hash    digest
	JSON    []byte
	Seq     uint64
	Written int64 // microseconds since 1970
}

var (
	errHash   = errors.New("the line does not begin with 64 lower-case hexadecimal digits and a blank")
	errPrefix = errors.New(`the JSON does not begin with a seq and a time of writing`)
	errLong   = errors.New("the line is longer than any record can be")
	errHeader = errors.New("the segment does not begin with a header of this format")
)

// splitLine separates a line, without its newline, into hash and JSON.
// Upper-case digits are refused: each hash has one spelling, so that every
// byte of a line counts.
func splitLine(line []byte) (Line, error) {
	var r Line
	if len(line) < HashDigits+1 || line[HashDigits] != ' ' {
		return r, errHash
	}
	digits := line[:HashDigits]
	if _, err := hex.Decode(r.Hash[:], digits); err != nil || bytes.ContainsAny(digits, "ABCDEF") {
		return Line{}, errHash
	}
	r.JSON = line[HashDigits+1:]
	if len(r.JSON) > maxRecord {
		return r, errLong
	}
	return r, nil
}

// ParseRecord takes a record's line apart. With an error the hash is kept when
// it could be read, so that a verifier can go on with the next line.
func ParseRecord(line []byte) (Line, error) {
	r, err := splitLine(line)
	if err != nil {
		return r, err
	}
	rest, ok := bytes.CutPrefix(r.JSON, []byte(`{"seq":`))
	if !ok {
		return r, errPrefix
	}
	r.Seq, rest, ok = cutNumber(rest)
	if !ok {
		return r, errPrefix
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"written":`)); !ok {
		return r, errPrefix
	}
	micros, rest, ok := cutNumber(rest)
	r.Written = int64(micros) // #nosec G115 -- a value beyond int64 reads as negative and is caught by the hash
	if !ok || len(rest) < 2 || rest[0] != ',' || rest[len(rest)-1] != '}' {
		return r, errPrefix
	}
	return r, nil
}

// cutNumber reads a decimal number without sign or leading zero.
func cutNumber(b []byte) (uint64, []byte, bool) {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	if n == 0 || n > 1 && b[0] == '0' {
		return 0, b, false
	}
	v, err := strconv.ParseUint(string(b[:n]), 10, 64)
	return v, b[n:], err == nil
}

// ParseHeader takes a header's line apart. Only the one encoding that the
// journal itself writes is accepted.
func ParseHeader(line []byte) (Line, Header, error) {
	var h Header
	r, err := splitLine(line)
	if err != nil {
		return r, h, err
	}
	if err := json.Unmarshal(r.JSON, &h); err != nil {
		return r, Header{}, errHeader
	}
	again, err := json.Marshal(h)
	if err != nil || !bytes.Equal(again, r.JSON) || h.Format != Format || h.First == 0 {
		return r, Header{}, errHeader
	}
	return r, h, nil
}

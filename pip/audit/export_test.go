package audit

import "github.com/wardgate/wardgate/pip"

// ParseRecord exposes the line parser to the fuzzer.
func ParseRecord(line []byte) (seq uint64, written int64, text []byte, err error) {
	r, err := parseRecord(line)
	return r.seq, r.written, r.json, err
}

// ParseHeader exposes the header parser to the fuzzer.
func ParseHeader(line []byte) (chain string, segment int, err error) {
	_, h, err := parseHeader(line)
	return h.Chain, h.Segment, err
}

// AppendEvent exposes the encoder.
func AppendEvent(b []byte, e *pip.Event) ([]byte, error) {
	b, err := appendEvent(append(b, '{'), e)
	return b, err
}

// ValidJSON exposes the check of an event's input.
func ValidJSON(b []byte) bool { return validJSON(b) }

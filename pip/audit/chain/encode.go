package chain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// AppendEvent appends an event's members without the opening brace, for the
// writer puts seq and time of writing before them. The result has no newline
// and decodes to the same event with encoding/json. It is written by hand
// because every request of the hospital waits for it.
func AppendEvent(b []byte, e *pip.Event) ([]byte, error) {
	if e.Kind == "" {
		return b, fmt.Errorf("%w: it has no kind", ErrInvalid)
	}
	when := e.Time
	if when.IsZero() {
		when = time.Now()
	}
	if when = when.UTC(); when.Year() < 0 || when.Year() > 9999 {
		return b, fmt.Errorf("%w: its time has no RFC 3339 form", ErrInvalid)
	}
	b = AppendString(append(b, `"kind":`...), string(e.Kind))
	b = when.AppendFormat(append(b, `,"time":"`...), time.RFC3339Nano)
	b = append(b, '"')
	b = appendField(b, `,"action":`, e.Action)
	b = appendField(b, `,"outcome":`, e.Outcome)
	b = appendField(b, `,"decision":`, e.Decision)
	b = appendField(b, `,"subject":`, e.Subject)
	b = appendField(b, `,"role":`, e.Role)
	b = appendField(b, `,"session":`, e.Session)
	b = appendField(b, `,"caller":`, e.Caller)
	b = appendField(b, `,"method":`, e.Method)
	b = appendField(b, `,"path":`, e.Path)
	b = appendField(b, `,"path_digest":`, e.PathDigest)
	b = appendField(b, `,"query_digest":`, e.QueryDigest)
	b = appendField(b, `,"body_digest":`, e.BodyDigest)
	b = appendField(b, `,"address":`, e.Address)
	b = appendField(b, `,"os":`, e.OS)
	b = appendField(b, `,"browser":`, e.Browser)
	b = appendField(b, `,"country":`, e.Country)
	b = strconv.AppendBool(append(b, `,"allow":`...), e.Allow)
	b = appendList(b, `,"reasons":`, e.Reasons)
	b = appendList(b, `,"obligations":`, e.Obligations)
	b = appendList(b, `,"rules":`, e.Rules)
	b = appendField(b, `,"right":`, e.Right)
	b = appendField(b, `,"reach":`, e.Reach)
	b = appendField(b, `,"revision":`, e.Revision)
	b, err := appendInput(b, e.Input)
	if err != nil {
		return b, err
	}
	b = appendAges(b, e.Ages)
	if e.Status != 0 {
		b = strconv.AppendInt(append(b, `,"status":`...), int64(e.Status), 10)
	}
	b = appendList(b, `,"patients":`, e.Patients)
	b = appendField(b, `,"detail":`, e.Detail)
	if e.Alarm {
		b = append(b, `,"alarm":true`...)
	}
	if e.Count != 0 {
		b = strconv.AppendInt(append(b, `,"count":`...), int64(e.Count), 10)
	}
	if len(b) > maxRecord-PrefixRoom {
		return b, fmt.Errorf("%w: it is larger than a record may be", ErrInvalid)
	}
	return append(b, '}'), nil
}

// PrefixRoom is more than the longest seq and time of writing take.
const PrefixRoom = 64

// AppendPrefix opens a record's JSON.
func AppendPrefix(b []byte, seq uint64, written int64) []byte {
	b = strconv.AppendUint(append(b, `{"seq":`...), seq, 10)
	b = strconv.AppendInt(append(b, `,"written":`...), written, 10)
	return append(b, ',')
}

func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return AppendString(append(b, name...), value)
}

func appendList(b []byte, name string, values []string) []byte {
	if len(values) == 0 {
		return b
	}
	b = append(b, name...)
	separator := byte('[')
	for _, v := range values {
		b = AppendString(append(b, separator), v)
		separator = ','
	}
	return append(b, ']')
}

// appendInput appends a document that somebody else encoded. It is checked,
// since one that is not JSON could pretend to be further members of the record.
func appendInput(b []byte, input json.RawMessage) ([]byte, error) {
	if len(input) == 0 {
		return b, nil
	}
	if !ValidJSON(input) {
		return b, fmt.Errorf("%w: its input is not JSON", ErrInvalid)
	}
	b = append(b, `,"input":`...)
	if bytes.IndexByte(input, '\n') < 0 && bytes.IndexByte(input, '\r') < 0 {
		return append(b, input...), nil
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, input); err != nil {
		return b, fmt.Errorf("%w: its input is not JSON", ErrInvalid)
	}
	return append(b, flat.Bytes()...), nil
}

func appendAges(b []byte, ages map[string]int64) []byte {
	if len(ages) == 0 {
		return b
	}
	sources := make([]string, 0, 16)
	for source := range ages {
		sources = append(sources, source)
	}
	slices.Sort(sources)
	b = append(b, `,"ages":`...)
	separator := byte('{')
	for _, source := range sources {
		b = AppendString(append(b, separator), source)
		b = strconv.AppendInt(append(b, ':'), ages[source], 10)
		separator = ','
	}
	return append(b, '}')
}

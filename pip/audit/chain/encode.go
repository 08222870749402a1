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
	b = appendField(b, `,"application":`, e.Application)
	b = appendField(b, `,"method":`, e.Method)
	b = appendField(b, `,"path":`, e.Path)
	b = appendField(b, `,"path_digest":`, e.PathDigest)
	b = appendField(b, `,"query_digest":`, e.QueryDigest)
	b = appendField(b, `,"body_digest":`, e.BodyDigest)
	if e.Bytes != 0 {
		b = strconv.AppendInt(append(b, `,"bytes":`...), e.Bytes, 10)
	}
	b = appendField(b, `,"address":`, e.Address)
	b = appendField(b, `,"os":`, e.OS)
	b = appendField(b, `,"browser":`, e.Browser)
	b = appendField(b, `,"country":`, e.Country)
	b = strconv.AppendBool(append(b, `,"allow":`...), e.Allow)
	b = appendList(b, `,"reasons":`, e.Reasons)
	b = appendList(b, `,"obligations":`, e.Obligations)
	b, err := appendDuties(b, e.Duties)
	if err != nil {
		return b, err
	}
	if e.Answered != 0 {
		b = strconv.AppendInt(append(b, `,"answered":`...), int64(e.Answered), 10)
	}
	b = appendList(b, `,"shown":`, e.Shown)
	b = appendList(b, `,"rules":`, e.Rules)
	b = appendField(b, `,"right":`, e.Right)
	b = appendField(b, `,"reach":`, e.Reach)
	b = appendField(b, `,"revision":`, e.Revision)
	if b, err = appendJSON(b, "input", e.Input); err != nil {
		return b, err
	}
	b = appendNumbers(b, `,"ages":`, e.Ages)
	if b, err = appendJSON(b, "measures", e.Measures); err != nil {
		return b, err
	}
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
	if b, err = appendMany(b, e); err != nil {
		return b, err
	}
	if b, err = appendChange(b, e); err != nil {
		return b, err
	}
	if len(b) > maxRecord-PrefixRoom {
		return b, fmt.Errorf("%w: it is larger than a record may be", ErrInvalid)
	}
	return append(b, '}'), nil
}

// appendChange appends what few events have: encoding/json is quick enough for them.
func appendChange(b []byte, e *pip.Event) ([]byte, error) {
	if e.Change != nil {
		text, err := json.Marshal(e.Change)
		if err != nil {
			return b, fmt.Errorf("%w: its change has no JSON", ErrInvalid)
		}
		b = append(append(b, `,"change":`...), text...)
	}
	if len(e.Marks) > 0 {
		text, err := json.Marshal(e.Marks)
		if err != nil {
			return b, fmt.Errorf("%w: its marks have no JSON", ErrInvalid)
		}
		b = append(append(b, `,"marks":`...), text...)
	}
	return b, nil
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

// appendJSON appends a document that the caller encoded. It is checked,
// since one that is not JSON could pretend to be further members of the record.
func appendJSON(b []byte, name string, document json.RawMessage) ([]byte, error) {
	if len(document) == 0 {
		return b, nil
	}
	b = append(append(append(b, ',', '"'), name...), '"', ':')
	return appendDocument(b, name, document)
}

func appendDocument(b []byte, name string, document json.RawMessage) ([]byte, error) {
	if !ValidJSON(document) {
		return b, fmt.Errorf("%w: its %s is not JSON", ErrInvalid, name)
	}
	if bytes.IndexByte(document, '\n') < 0 && bytes.IndexByte(document, '\r') < 0 {
		return append(b, document...), nil
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, document); err != nil {
		return b, fmt.Errorf("%w: its %s is not JSON", ErrInvalid, name)
	}
	return append(b, flat.Bytes()...), nil
}

// appendDuties appends the properties of obligations up to the last that has any.
func appendDuties(b []byte, duties []json.RawMessage) ([]byte, error) {
	for len(duties) > 0 && len(duties[len(duties)-1]) == 0 {
		duties = duties[:len(duties)-1]
	}
	if len(duties) == 0 {
		return b, nil
	}
	b = append(b, `,"duties":`...)
	separator := byte('[')
	for _, d := range duties {
		b, separator = append(b, separator), ','
		if len(d) == 0 {
			b = append(b, "null"...)
			continue
		}
		var err error
		if b, err = appendDocument(b, "duties", d); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// appendMany appends what an aggregated record alone has.
func appendMany(b []byte, e *pip.Event) ([]byte, error) {
	b = appendNumbers(b, `,"codes":`, e.Codes)
	for _, t := range [...]struct {
		name string
		at   time.Time
	}{{`,"since":"`, e.Since}, {`,"until":"`, e.Until}} {
		if t.at.IsZero() {
			continue
		}
		at := t.at.UTC()
		if at.Year() < 0 || at.Year() > 9999 {
			return b, fmt.Errorf("%w: its time has no RFC 3339 form", ErrInvalid)
		}
		b = append(at.AppendFormat(append(b, t.name...), time.RFC3339Nano), '"')
	}
	return appendField(b, `,"network":`, e.Network), nil
}

// appendNumbers appends an object of numbers, in the order of their names.
func appendNumbers[N int | int64](b []byte, name string, numbers map[string]N) []byte {
	if len(numbers) == 0 {
		return b
	}
	keys := make([]string, 0, 16)
	for key := range numbers {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	b = append(b, name...)
	separator := byte('{')
	for _, key := range keys {
		b = AppendString(append(b, separator), key)
		b = strconv.AppendInt(append(b, ':'), int64(numbers[key]), 10)
		separator = ','
	}
	return append(b, '}')
}

package input

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/wardgate/wardgate/pip"
)

// measured are the numbers of one section, and how far its source trusted its own
// reading where its age lowered that.
type measured struct {
	n       int // of numbers, up to the last that was noted
	numbers [pip.MaxMeasures]int64
	own     pip.State
	lowered bool
}

// ownKey is under what the sources' own states stand: no section is named so.
const ownKey = "own"

// AppendMeasures appends what words of the document were made of, as JSON: lists of
// numbers by section, without zeros at their ends, and the states of sources that
// their age lowered.
func (in *Document) AppendMeasures(b []byte) []byte {
	b = append(b, '{')
	first, lowered := true, false
	for i := range in.measures {
		m := &in.measures[i]
		lowered = lowered || m.lowered
		if m.n == 0 {
			continue
		}
		b = appendName(b, in.sections[i].key, &first)
		separator := byte('[')
		for _, n := range trimmed(m.numbers[:m.n]) {
			b = strconv.AppendInt(append(b, separator), n, 10)
			separator = ','
		}
		if separator == '[' {
			b = append(b, '[')
		}
		b = append(b, ']')
	}
	if lowered {
		b = append(appendName(b, ownKey, &first), '{')
		first = true
		for i := range in.measures {
			if m := &in.measures[i]; m.lowered {
				b = append(appendName(b, in.sections[i].key, &first), '"')
				b = append(append(b, m.own.String()...), '"')
			}
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendName(b []byte, name string, first *bool) []byte {
	if !*first {
		b = append(b, ',')
	}
	*first = false
	return append(append(append(b, '"'), name...), '"', ':')
}

func trimmed(numbers []int64) []int64 {
	for len(numbers) > 0 && numbers[len(numbers)-1] == 0 {
		numbers = numbers[:len(numbers)-1]
	}
	return numbers
}

// ReadMeasures takes what AppendMeasures wrote. A section that this program does not
// know is left out, and so are numbers beyond those that a section may have. It
// reports whether the text is of that form; without one, measures are not known.
func (in *Document) ReadMeasures(text []byte) bool {
	in.forget()
	if in.unmeasured = len(text) == 0; in.unmeasured {
		return true
	}
	if string(text) == "{}" {
		return true
	}
	var all map[string]json.RawMessage
	if !in.readPlain(text) {
		in.forget()
		if json.Unmarshal(text, &all) != nil {
			return false
		}
		for name, raw := range all {
			if !in.readSlowly(name, raw) {
				return false
			}
		}
	}
	return true
}

// readPlain reads the usual text without a parser, and reports whether it is one.
func (in *Document) readPlain(text []byte) bool {
	text, ok := bytes.CutPrefix(text, []byte(`{"`))
	for ok {
		end := bytes.IndexByte(text, '"')
		if end < 0 || !bytes.HasPrefix(text[end:], []byte(`":[`)) {
			return false
		}
		m := in.measuresOf(text[:end])
		if text = text[end+3:]; m == nil {
			return false
		}
		if text, ok = m.read(text); !ok {
			return false
		}
		if string(text) == "}" {
			return true
		}
		text, ok = bytes.CutPrefix(text, []byte(`,"`))
	}
	return false
}

// read reads numbers up to the end of their list.
func (m *measured) read(text []byte) (rest []byte, ok bool) {
	m.n = pip.MaxMeasures
	for i := 0; ; i++ {
		end := bytes.IndexAny(text, ",]")
		if end == 0 && i == 0 && text[0] == ']' {
			return text[1:], true
		}
		if end < 1 || i == len(m.numbers) {
			return nil, false
		}
		n, err := strconv.ParseInt(string(text[:end]), 10, 64)
		if err != nil {
			return nil, false
		}
		m.numbers[i] = n
		done := text[end] == ']'
		if text = text[end+1:]; done {
			return text, true
		}
	}
}

func (in *Document) readSlowly(name string, raw json.RawMessage) bool {
	if name == ownKey {
		var own map[string]string
		if json.Unmarshal(raw, &own) != nil {
			return false
		}
		for section, word := range own {
			m := in.measuresOf([]byte(section))
			if m == nil {
				continue
			}
			m.lowered = true
			m.own = stateOf(word)
		}
		return true
	}
	var numbers []int64
	if json.Unmarshal(raw, &numbers) != nil {
		return false
	}
	if m := in.measuresOf([]byte(name)); m != nil {
		m.n = pip.MaxMeasures
		copy(m.numbers[:], numbers)
	}
	return true
}

func stateOf(word string) pip.State {
	for _, s := range []pip.State{pip.Fresh, pip.Stale} {
		if s.String() == word {
			return s
		}
	}
	return pip.Unknown
}

func (in *Document) measuresOf(section []byte) *measured {
	for i := firstOfContext; i < len(in.sections); i++ {
		if in.sections[i].key == string(section) {
			return &in.measures[i]
		}
	}
	return nil
}

// forget makes room for measures, of which none is noted.
func (in *Document) forget() {
	if len(in.measures) != len(in.sections) {
		in.measures = make([]measured, len(in.sections))
	} else {
		for i := range in.measures {
			if m := &in.measures[i]; m.n > 0 || m.lowered {
				*m = measured{}
			}
		}
	}
	in.unmeasured = false
	in.untold = in.untold[:0]
}

// Untold are the tables by which words could not be made again.
func (in *Document) Untold() []string { return in.untold }

package strictjson

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// Decode reads one JSON text into a value, as encoding/json does, but in one way
// only. A name counts exactly as it is written: "ROLE" is not "role". It refuses
// a name that the value does not have, a name twice in one object, what is not
// UTF-8, an unpaired surrogate, more than 64 levels, anything after the text, and
// a number that the value cannot hold as it is written. Where the value takes
// whatever stands there (any, json.RawMessage), a name in two cases is there
// twice: what reads it next may fold case.
//
// The error is a *Fault; the value may then be filled in part and must not be
// used.
func Decode(text []byte, into any) error { return decode(text, into, false) }

// DecodeKnown is Decode for texts that may hold more than is wanted: names that
// the value does not have are left out. What they hold must still be JSON with
// one reading, but for the size of its numbers.
func DecodeKnown(text []byte, into any) error { return decode(text, into, true) }

func decode(text []byte, into any, lenient bool) error {
	t := reflect.TypeOf(into)
	if t == nil || t.Kind() != reflect.Pointer {
		return errors.New("decode JSON: expected a pointer to decode into")
	}
	w := walker{text: text, lenient: lenient, out: make([]byte, 0, len(text))}
	if err := w.whole(func(i int) int { return w.value(i, 0, t) }); err != nil {
		return err
	}
	if err := json.Unmarshal(w.out, into); err != nil {
		return mistyped(err)
	}
	return nil
}

// A Member is one member of an object, its value as it was written.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Members reads one JSON object and returns its members in order, for a caller
// who says itself what each must be. A name twice, in whatever case, and all else
// that Decode refuses are refused at any depth; the size of numbers is the
// caller's to judge.
func Members(text []byte) ([]Member, error) {
	var members []Member
	w := walker{text: text}
	err := w.whole(func(i int) int {
		if !w.text.is(i, '{') {
			if w.value(i, 0, rawType) < 0 {
				return -1
			}
			return w.fail(Wrong, "one JSON object")
		}
		return w.object(i, true, func(name string, at int) int {
			end := w.value(at, 1, rawType)
			if end >= 0 {
				members = append(members, Member{Name: name, Value: json.RawMessage(text[at:end])})
			}
			return end
		})
	})
	if err != nil {
		return nil, err
	}
	return members, nil
}

// Object is Members by name.
func Object(text []byte) (map[string]json.RawMessage, error) {
	members, err := Members(text)
	if err != nil {
		return nil, err
	}
	object := make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		object[m.Name] = m.Value
	}
	return object, nil
}

// Check reports a fault when a text is not one JSON text with one reading. It
// says nothing of names and types.
func Check(text []byte) error {
	w := walker{text: text}
	return w.whole(func(i int) int { return w.value(i, 0, rawType) })
}

// mistyped is what encoding/json found wrong with a text that has one reading.
func mistyped(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return &Fault{Kind: Wrong, Path: wrong.Field, Expected: expected(wrong.Type)}
	}
	return &Fault{Kind: Wrong, Expected: "a value of another form"}
}

var (
	rawType = reflect.TypeFor[json.RawMessage]()
	anyType = reflect.TypeFor[any]()
)

// A walker checks a text against the type that it is for, and copies what the
// type knows to out. Its methods take an index into the text and return the one
// after what they read, or -1 once fault is set.
type walker struct {
	text    scanner
	lenient bool
	out     []byte
	silent  int // depth of members that are checked and not copied
	path    []step
	fault   *Fault
}

// A step leads to a member by its name, or to an element.
type step struct {
	name    string // "" for an element
	element int
}

// whole reads a text that is one value, and nothing after it.
func (w *walker) whole(value func(i int) int) error {
	if !utf8.Valid(w.text) {
		return &Fault{Expected: "one JSON text in UTF-8"}
	}
	end := value(w.text.blank(0))
	if end >= 0 && w.text.blank(end) != len(w.text) {
		w.fail(Malformed, "nothing after it")
	}
	if w.fault != nil {
		return w.fault
	}
	return nil
}

// fail keeps the first fault, at the place where the walker is.
func (w *walker) fail(kind Kind, expected string) int {
	if w.fault != nil {
		return -1
	}
	f := &Fault{Kind: kind, Expected: expected}
	for _, s := range w.path {
		switch {
		case s.name == "":
			f.Path += "[" + strconv.Itoa(s.element) + "]"
		case f.Path == "":
			f.Path = s.name
		default:
			f.Path += "." + s.name
		}
	}
	w.fault = f
	return -1
}

func (w *walker) misread() int { return w.fail(Malformed, "one JSON text") }

func (w *walker) copy(b ...byte) {
	if w.silent == 0 {
		w.out = append(w.out, b...)
	}
}

func (w *walker) value(i, depth int, t reflect.Type) int {
	if i >= len(w.text) {
		return w.misread()
	}
	if depth > maxDepth {
		return w.fail(Malformed, "fewer levels")
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if decodesItself(t) {
		return w.custom(i, depth, t)
	}
	var end int
	switch w.text[i] {
	case '{':
		return w.members(i, depth, t)
	case '[':
		return w.list(i, depth, t)
	case '"':
		end, _ = w.text.text(i)
	case 't':
		end = w.text.word(i, "true")
	case 'f':
		end = w.text.word(i, "false")
	case 'n':
		end = w.text.word(i, "null")
	default:
		end = w.number(i, t)
	}
	if end < 0 {
		return w.misread()
	}
	w.copy(w.text[i:end]...)
	return end
}

// custom reads a value whose type decodes itself. It is tried here, where the
// place of a fault is known.
func (w *walker) custom(i, depth int, t reflect.Type) int {
	end := w.value(i, depth, rawType)
	if end >= 0 && json.Unmarshal(w.text[i:end], reflect.New(t).Interface()) != nil {
		return w.fail(Wrong, expected(t))
	}
	return end
}

// number reads a number. Where it becomes an integer, encoding/json refuses one
// that does not fit; elsewhere every reader must get one value from it.
func (w *walker) number(i int, t reflect.Type) int {
	end, mantissa := w.text.numeral(i)
	if end < 0 || t == rawType || isInteger(t) || oneValue(w.text[i:end], w.text[i:mantissa]) {
		return end
	}
	return w.fail(Wrong, "a number below 2^53 that a float64 holds")
}

func (w *walker) list(i, depth int, t reflect.Type) int {
	element := anyType
	switch {
	case t == rawType:
		element = rawType
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		element = t.Elem()
	}
	w.copy('[')
	if i = w.text.blank(i + 1); w.text.is(i, ']') {
		w.copy(']')
		return i + 1
	}
	for n := 0; ; n++ {
		w.path = append(w.path, step{element: n})
		if i = w.value(w.text.blank(i), depth+1, element); i < 0 {
			return -1
		}
		w.path = w.path[:len(w.path)-1]
		if i = w.text.blank(i); w.text.is(i, ']') {
			w.copy(']')
			return i + 1
		}
		if !w.text.is(i, ',') {
			return w.misread()
		}
		w.copy(',')
		i++
	}
}

// members reads an object for a type.
func (w *walker) members(i, depth int, t reflect.Type) int {
	var known map[string]reflect.Type // nil when every name is
	member := anyType
	switch {
	case t == rawType:
		member = rawType
	case t.Kind() == reflect.Struct:
		known = fieldsOf(t)
	case t.Kind() == reflect.Map:
		member = t.Elem()
	}
	w.copy('{')
	kept := 0
	folds := w.silent == 0 && (t == rawType || member == anyType && known == nil)
	end := w.object(i, folds, func(name string, at int) int {
		of := member
		if known != nil {
			if of = known[name]; of == nil {
				return w.unknown(at, depth)
			}
		}
		if kept > 0 {
			w.copy(',')
		}
		kept++
		quoted, _ := json.Marshal(name) // a text cannot fail
		w.copy(append(quoted, ':')...)
		return w.value(at, depth+1, of)
	})
	w.copy('}')
	return end
}

// unknown reads a member that the type does not have.
func (w *walker) unknown(at, depth int) int {
	if !w.lenient {
		return w.fail(Unknown, "a known field")
	}
	w.silent++
	defer func() { w.silent-- }()
	return w.value(at, depth+1, rawType)
}

// object calls each with every member's name and where its value begins. Where
// it folds, names that differ in case alone are the same.
func (w *walker) object(i int, folds bool, each func(name string, at int) int) int {
	if i = w.text.blank(i + 1); w.text.is(i, '}') {
		return i + 1
	}
	var seen keySet
	for {
		if i = w.member(w.text.blank(i), folds, &seen, each); i < 0 {
			return -1
		}
		if i = w.text.blank(i); w.text.is(i, '}') {
			return i + 1
		}
		if !w.text.is(i, ',') {
			return w.misread()
		}
		i++
	}
}

func (w *walker) member(i int, folds bool, seen *keySet, each func(name string, at int) int) int {
	if !w.text.is(i, '"') {
		return w.misread()
	}
	end, escaped := w.text.text(i)
	if end < 0 {
		return w.misread()
	}
	var name string
	if err := json.Unmarshal(w.text[i:end], &name); err != nil {
		return w.misread()
	}
	w.path = append(w.path, step{name: shown(name)})
	key := []byte(name)
	if folds {
		key = foldQuoted(w.text[i:end], escaped)
	}
	if !seen.add(key) {
		return w.fail(Repeated, "once")
	}
	if i = w.text.blank(end); !w.text.is(i, ':') {
		return w.misread()
	}
	if i = each(name, w.text.blank(i+1)); i < 0 {
		return w.misread()
	}
	w.path = w.path[:len(w.path)-1]
	return i
}

package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// A form is the shape of a body that is one JSON object.
type form struct {
	required texts
	optional texts
	numbers  map[string]*int64 // required, whole
	location **pip.Coordinates // the optional member "location"
	empty    bool              // no body at all is an empty object
}

// decodeForm reads a body of exactly these members, spelt exactly so and there
// at most once. On a fault it answers with the names of faulty members, never
// with their values, and returns false.
func decodeForm(c *gin.Context, f form) bool {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		write(c, malformed())
		return false
	}
	if len(body) == 0 && f.empty {
		return true
	}
	faults, err := f.read(body)
	if err != nil {
		faults = []problem.Field{{Location: "body", Message: err.Error()}}
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b problem.Field) int { return bytes.Compare([]byte(a.Location), []byte(b.Location)) })
		write(c, malformed(faults...))
		return false
	}
	return true
}

var errMisread = errors.New("expected one JSON object")

// read fills the form. Its error has a constant text.
func (f form) read(body []byte) ([]problem.Field, error) {
	var faults []problem.Field
	seen := map[string]bool{}
	err := members(body, func(name string, value json.RawMessage) {
		message := f.member(name, value)
		location := "body." + name
		switch {
		case message == unknownField:
			location = "body" + plainName(name)
		case seen[name]:
			message = "expected once"
		}
		if message != "" {
			faults = append(faults, problem.Field{Location: location, Message: message})
		}
		seen[name] = true
	})
	if err != nil {
		return nil, err
	}
	for name, into := range f.required {
		if !seen[name] || *into == "" && !slices.ContainsFunc(faults, about(name)) {
			faults = append(faults, problem.Field{Location: "body." + name, Message: "required"})
		}
	}
	for name := range f.numbers {
		if !seen[name] {
			faults = append(faults, problem.Field{Location: "body." + name, Message: "required"})
		}
	}
	return faults, nil
}

// members calls with each member of the one object in body, in order.
func members(body []byte, each func(name string, value json.RawMessage)) error {
	if !utf8.Valid(body) || !json.Valid(body) {
		return errMisread
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return errMisread
	}
	for d.More() {
		token, err := d.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return errMisread
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return errMisread
		}
		each(name, value)
	}
	return nil
}

const unknownField = "unknown field"

// member reads one member, and says what is wrong with it.
func (f form) member(name string, value json.RawMessage) (fault string) {
	if name == "location" && f.location != nil {
		return readLocation(value, f.location)
	}
	if into, ok := f.numbers[name]; ok {
		if json.Unmarshal(value, into) != nil || value[0] == 'n' {
			return "expected a whole number"
		}
		return ""
	}
	into, ok := f.required[name]
	if !ok {
		into, ok = f.optional[name]
	}
	switch {
	case !ok:
		return unknownField
	case value[0] != '"' || json.Unmarshal(value, into) != nil || len(*into) > maxText:
		return "expected a text of at most 1024 bytes"
	default:
		return ""
	}
}

// readLocation reads {"latitude", "longitude", "accuracy"?, "consent"?}. Without
// consent the coordinates are dropped: that is no fault.
func readLocation(value json.RawMessage, into **pip.Coordinates) (fault string) {
	const expected = "expected latitude, longitude, consent, and perhaps accuracy"
	numbers := map[string]float64{}
	consent, wrong := false, false
	err := members(value, func(name string, v json.RawMessage) {
		var n float64
		_, again := numbers[name]
		switch {
		case name == "consent" && json.Unmarshal(v, &consent) == nil:
		case slices.Contains([]string{"latitude", "longitude", "accuracy"}, name) &&
			v[0] != 'n' && json.Unmarshal(v, &n) == nil && !again:
			numbers[name] = n
		default:
			wrong = true
		}
	})
	lat, hasLat := numbers["latitude"]
	lon, hasLon := numbers["longitude"]
	if err != nil || wrong || !hasLat || !hasLon || math.Abs(lat) > 90 || math.Abs(lon) > 180 || numbers["accuracy"] < 0 {
		return expected
	}
	if consent {
		*into = &pip.Coordinates{Latitude: lat, Longitude: lon}
	}
	return ""
}

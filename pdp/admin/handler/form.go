package handler

import (
	"encoding/json"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pip"
)

// maxText is the longest text that any field may hold, in bytes.
const maxText = 1024

// maxObject is the longest object that any field may hold, in bytes.
const maxObject = 16 << 10

// texts names the fields of a body that are texts, and where they go.
type texts map[string]*string

// A form is the shape of a body that is one JSON object.
type form struct {
	required texts
	optional texts
	long     texts             // optional, of up to maxObject
	objects  texts             // optional JSON objects, as they were written
	numbers  map[string]*int64 // required, whole
	location **pip.Coordinates // the optional member "location"
	empty    bool              // no body at all is an empty object
}

// decode reads a body of exactly these texts, all of them required.
func decode(c *gin.Context, required texts) bool {
	return decodeForm(c, form{required: required})
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
	if faults := f.read(body); len(faults) > 0 {
		write(c, malformed(faults...))
		return false
	}
	return true
}

// read fills the form, and returns what is wrong with it by place.
func (f form) read(body []byte) []problem.Field {
	members, err := strictjson.Members(body)
	if fault := strictjson.Of(err); fault != nil && fault.Kind == strictjson.Repeated {
		return []problem.Field{{Location: "body" + plainName(fault.Path), Message: "expected once"}}
	}
	if err != nil {
		return []problem.Field{{Location: "body", Message: "expected one JSON object"}}
	}
	var faults []problem.Field
	given := map[string]bool{}
	for _, m := range members {
		given[m.Name] = true
		switch message := f.member(m.Name, m.Value); message {
		case "":
		case unknownField:
			faults = append(faults, problem.Field{Location: "body" + plainName(m.Name), Message: message})
		default:
			faults = append(faults, problem.Field{Location: "body." + m.Name, Message: message})
		}
	}
	for name, into := range f.required {
		if !given[name] || *into == "" && !slices.ContainsFunc(faults, about(name)) {
			faults = append(faults, missing(name))
		}
	}
	for name := range f.numbers {
		if !given[name] {
			faults = append(faults, missing(name))
		}
	}
	slices.SortFunc(faults, func(a, b problem.Field) int { return strings.Compare(a.Location, b.Location) })
	return faults
}

// missing is the fault of a body without a member.
func missing(name string) problem.Field {
	return problem.Field{Location: "body." + name, Message: "required"}
}

func about(name string) func(problem.Field) bool {
	return func(f problem.Field) bool { return f.Location == "body."+name }
}

// plainName repeats the name of an unknown field only when it looks like one:
// a value in the place of a name is not echoed.
func plainName(name string) string {
	if name == "" || len(name) > 32 {
		return ""
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && r != '_' {
			return ""
		}
	}
	return "." + name
}

const unknownField = "unknown field"

// member reads one member, and says what is wrong with it.
func (f form) member(name string, value json.RawMessage) (fault string) {
	if name == "location" && f.location != nil {
		return readLocation(value, f.location)
	}
	if into, ok := f.numbers[name]; ok {
		if strictjson.Decode(value, into) != nil || value[0] == 'n' {
			return "expected a whole number"
		}
		return ""
	}
	if into, ok := f.objects[name]; ok {
		if value[0] != '{' || len(value) > maxObject {
			return "expected a JSON object of at most 16 KiB"
		}
		*into = string(value)
		return ""
	}
	if into, ok := f.long[name]; ok {
		if value[0] != '"' || strictjson.Decode(value, into) != nil || len(*into) > maxObject {
			return "expected a text of at most 16 KiB"
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
	case value[0] != '"' || strictjson.Decode(value, into) != nil || len(*into) > maxText:
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
	members, err := strictjson.Members(value)
	for _, m := range members {
		var n float64
		switch {
		case m.Name == "consent" && strictjson.Decode(m.Value, &consent) == nil:
		case slices.Contains([]string{"latitude", "longitude", "accuracy"}, m.Name) &&
			m.Value[0] != 'n' && strictjson.Decode(m.Value, &n) == nil:
			numbers[m.Name] = n
		default:
			wrong = true
		}
	}
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

package inference

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"regexp"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/strictjson"
)

// body returns the request's body, which the guard has already bounded.
func body(c *gin.Context) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, errMediaType
	}
	raw, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	return raw, nil
}

// members reads one JSON object with one reading and nothing after its end.
func members(raw []byte, location string) (map[string]json.RawMessage, faults) {
	object, err := strictjson.Object(raw)
	f := strictjson.Of(err)
	switch {
	case f == nil:
		return object, nil
	case f.Kind == strictjson.Repeated:
		return nil, faults{{Location: at(location, f.Member()), Message: "expected once, is repeated"}}
	case f.Path != "":
		return nil, faults{{Location: at(location, f.Member()), Message: "expected a JSON value"}}
	default:
		return nil, faults{{Location: location, Message: "expected one JSON object and nothing else"}}
	}
}

// at names a member for the caller. What does not look like a name is not
// repeated: it may be anything that was pasted by mistake.
func at(location, name string) string {
	if !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,39}$`).MatchString(name) {
		return location
	}
	return location + "." + name
}

// number reads a JSON number that a float64 holds as a finite one.
func number(raw json.RawMessage) (float64, bool) {
	if len(raw) == 0 || (raw[0] != '-' && (raw[0] < '0' || raw[0] > '9')) {
		return 0, false
	}
	v, err := strconv.ParseFloat(string(raw), 64)
	return v, err == nil
}

// named reads a row that is given by the names of its features: all of them,
// and nothing else.
func named(raw []byte, features []model.Feature) ([]float64, error) {
	given, found := members(raw, "body")
	if found != nil {
		return nil, found
	}
	row := make([]float64, len(features))
	for i, f := range features {
		value, ok := given[f.Name]
		if !ok {
			found.add("body."+f.Name, "is required, "+f.Expected())
			continue
		}
		delete(given, f.Name)
		if row[i], ok = number(value); !ok || !f.Accepts(row[i]) {
			found.add("body."+f.Name, f.Expected())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		found.add(at("body", name), "is not a feature of this model")
	}
	if err := found.err(); err != nil {
		return nil, err
	}
	return row, nil
}

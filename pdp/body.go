package pdp

import (
	"fmt"
	"slices"
	"strings"
)

// The classes of body that a route may take. Whatever is sent to a route of
// another class is refused before anything is asked about it.
const (
	BodyNone      = "none"      // no body at all
	BodyJSON      = "json"      // one JSON text that has one reading (internal/strictjson)
	BodyForm      = "form"      // fields of an HTML form, as application/x-www-form-urlencoded, that have one reading
	BodyMultipart = "multipart" // fields and files of an HTML form, as multipart/form-data, that have one reading
	BodyText      = "text"      // text/plain in UTF-8
	BodyAny       = "any"       // of any one type: held whole like the others, and not judged
	BodyStream    = "stream"    // whatever it is: forwarded as it arrives, and not judged
)

// Bodies are all classes of body.
var Bodies = []string{BodyNone, BodyJSON, BodyForm, BodyMultipart, BodyText, BodyAny, BodyStream}

// ownBodies are the classes that Wardgate's own services take.
var ownBodies = []string{BodyNone, BodyJSON, BodyForm}

// Bounds of a row's limit, in bytes.
const (
	BodyLimit     = 1 << 20  // where a row has none, and at most for Wardgate's own services
	MostOfABody   = 16 << 20 // that is held whole until it has been judged
	StreamLimit   = 1 << 30  // of a stream, where its row has none
	MostOfAStream = 1 << 40
)

// BodyFaults are what is wrong with the cells of a row that speak of its body, each
// with the name of its cell.
func (r *Route) BodyFaults() (faults []error) {
	most := r.mostOfABody()
	switch {
	case r.Body == BodyNone && r.Required:
		faults = append(faults, fmt.Errorf("required: a row whose body is %q cannot require one", BodyNone))
	case r.Body == BodyNone && r.Limit != 0:
		faults = append(faults, fmt.Errorf("limit: a row whose body is %q has none", BodyNone))
	case r.Limit < 0 || r.Limit > most:
		faults = append(faults, fmt.Errorf("limit: expected bytes from 1 to %d, the most of a body of the class %q here, or none, which is %d", most, r.Body, r.usualBody()))
	}
	if r.own() && slices.Contains(Bodies, r.Body) && !slices.Contains(ownBodies, r.Body) {
		faults = append(faults, fmt.Errorf("body: Wardgate's own services take no %q, but %s", r.Body, strings.Join(ownBodies, ", ")))
	}
	return faults
}

func (r *Route) own() bool { return slices.Contains(OwnApplications, r.Application) }

// mostOfABody is the largest limit that the row may have.
func (r *Route) mostOfABody() int64 {
	switch {
	case r.own():
		return BodyLimit
	case r.Body == BodyStream:
		return MostOfAStream
	default:
		return MostOfABody
	}
}

// usualBody is the limit of a row that has none.
func (r *Route) usualBody() int64 {
	if r.Body == BodyStream {
		return StreamLimit
	}
	return BodyLimit
}

// BytesOfABody is the row's limit in force, in bytes; 0 for a row that takes no body.
func (r *Route) BytesOfABody() int64 {
	switch {
	case r.Body == BodyNone:
		return 0
	case r.Limit == 0:
		return r.usualBody()
	default:
		return r.Limit
	}
}

// BodyServes reports whether a body that was read for r was read as other wants it.
func (r *Route) BodyServes(other *Route) bool {
	return r.Body == other.Body && (r.Required || !other.Required) && r.BytesOfABody() <= other.BytesOfABody()
}

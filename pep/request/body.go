package request

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
)

// A class is a kind of body: of which types it is, and whether one has one reading.
type class struct {
	is          func(contentType string) bool
	unambiguous func(contentType string, body []byte) bool
}

var classes = map[string]class{
	pdp.BodyJSON:      {inUTF8("application/json"), alone(strictjson.Unambiguous)},
	pdp.BodyForm:      {inUTF8("application/x-www-form-urlencoded"), alone(unambiguousForm)},
	pdp.BodyMultipart: {isMultipart, unambiguousMultipart},
	pdp.BodyText:      {isText, unambiguousText},
	pdp.BodyAny:       {isSomething, func(string, []byte) bool { return true }},
}

// alone is of a class whose reading no type changes.
func alone(unambiguous func([]byte) bool) func(string, []byte) bool {
	return func(_ string, body []byte) bool { return unambiguous(body) }
}

// ReadBody reads the body whole, at most limit bytes, and refuses what a route
// for this kind of body (one of pdp.Bodies) does not take or what has two
// readings. It returns the bytes as sent, and the code of a refusal, "" for none.
//
// A body that its length alone refuses is not read.
func ReadBody(w http.ResponseWriter, r *http.Request, kind string, limit int64) (body []byte, refused string) {
	excess := code.BodyTooLarge
	of, taken := classes[kind]
	if !taken {
		excess, limit = code.BodyUnexpected, 0
	}
	if r.ContentLength > limit {
		return nil, excess
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	contentType := r.Header.Get("Content-Type")
	switch {
	case errors.As(err, &tooLarge):
		return nil, excess
	case err != nil:
		return nil, code.BodyUnreadable
	case len(body) == 0:
		return nil, ""
	case coded(r.Header) || !of.is(contentType):
		return nil, code.MediaTypeRefused
	case partial(r.Header) || !of.unambiguous(contentType, body):
		return nil, code.BodyAmbiguous
	}
	return body, ""
}

// StreamFlaw is the code of why a body is not forwarded as it arrives, "" for none. limit
// is in bytes; nothing is read.
func StreamFlaw(r *http.Request, limit int64) string {
	switch {
	case r.ContentLength > limit:
		return code.BodyTooLarge
	case coded(r.Header):
		return code.MediaTypeRefused
	case partial(r.Header):
		return code.BodyAmbiguous
	default:
		return ""
	}
}

// coded reports whether a body is written otherwise than its type says. The header that
// says so goes to no application.
func coded(h http.Header) bool { return len(h["Content-Encoding"]) > 0 }

// partial reports whether a body is a part of what is stored (RFC 9110, section 14.5).
// Without the header, which goes to no application, it would be the whole.
func partial(h http.Header) bool { return len(h["Content-Range"]) > 0 }

func inUTF8(mediaType string) func(string) bool {
	return func(contentType string) bool {
		kind, params, err := mime.ParseMediaType(contentType)
		return err == nil && kind == mediaType && utf8Charset(params["charset"])
	}
}

func utf8Charset(s string) bool { return s == "" || strings.EqualFold(s, "utf-8") }

// isSomething accepts one type, whatever it is.
func isSomething(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && strings.Contains(kind, "/")
}

package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/internal/strictjson"
)

// readBody reads one JSON object. Two parsers that read it, this one and any
// that stands between, find the same in it, or it is refused.
func readBody(w http.ResponseWriter, r *http.Request) (object, error) {
	if !isJSON(r.Header) {
		return nil, errMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, BodyLimit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case err != nil:
		return nil, errUnreadable
	}
	return parseBody(body)
}

func parseBody(body []byte) (object, error) {
	top, err := strictjson.Object(body)
	f := strictjson.Of(err)
	switch {
	case f == nil:
		return top, nil
	case f.Kind == strictjson.Wrong && f.Path == "":
		return nil, malformed{{Location: "body", Message: messageObject}}
	default:
		return nil, errAmbiguous
	}
}

// isJSON tells whether the body is declared, once, as plain JSON in UTF-8.
func isJSON(h http.Header) bool {
	types := h.Values("Content-Type")
	if len(types) != 1 || h.Get("Content-Encoding") != "" {
		return false
	}
	kind, params, err := mime.ParseMediaType(types[0])
	charset, has := params["charset"]
	return err == nil && kind == "application/json" && (!has || strings.EqualFold(charset, "utf-8"))
}

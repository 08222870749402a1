package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth is how deep a body may nest. No question needs half of it.
const maxDepth = 64

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
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, errAmbiguous
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number that no float64 holds is no fault of the form
	if !oneReading(d, 0) {
		return nil, errAmbiguous
	}
	top, ok := asObject(bytes.TrimSpace(body))
	if !ok {
		return nil, malformed{{Location: "body", Message: messageObject}}
	}
	return top, nil
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

// oneReading walks the next value, which is known to be valid JSON. It is
// false for an object with two keys that some reader takes for one, and for a
// value nested too deep.
func oneReading(d *json.Decoder, depth int) bool {
	token, err := d.Token()
	if err != nil || depth > maxDepth {
		return false
	}
	open, ok := token.(json.Delim)
	if !ok {
		return true
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' && !newKey(d, seen) {
			return false
		}
		if !oneReading(d, depth+1) {
			return false
		}
	}
	_, err = d.Token()
	return err == nil
}

func newKey(d *json.Decoder, seen map[string]bool) bool {
	token, err := d.Token()
	key, ok := token.(string)
	if err != nil || !ok {
		return false
	}
	key = caseless(key)
	known := seen[key]
	seen[key] = true
	return !known
}

// caseless gives all spellings that strings.EqualFold takes for equal one
// spelling.
func caseless(key string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}

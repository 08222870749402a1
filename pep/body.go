package pep

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxDepth   = 64
	maxInteger = 1 << 53 // from here on readers into float64 and into integers disagree
)

// readBody reads the body whole, at most limit bytes, and refuses what the
// route does not take or what has two readings. It returns the bytes as sent;
// code and status are "" and 0 when they are good.
//
// A body that its length alone refuses is not read.
func readBody(w http.ResponseWriter, r *http.Request, kind string, limit int64) (body []byte, code string, status int) {
	excess, status := "body_too_large", http.StatusRequestEntityTooLarge
	if kind != "json" {
		excess, status, limit = "body_unexpected", http.StatusBadRequest, 0
	}
	if r.ContentLength > limit {
		return nil, excess, status
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, excess, status
	case err != nil:
		return nil, "body_unreadable", http.StatusBadRequest
	case len(body) == 0:
		return nil, "", 0
	case r.Header.Get("Content-Encoding") != "" || !isJSON(r.Header.Get("Content-Type")):
		return nil, "media_type_refused", http.StatusUnsupportedMediaType
	}
	if err := unambiguousJSON(body); err != nil {
		return nil, "body_ambiguous", http.StatusBadRequest
	}
	return body, "", 0
}

func isJSON(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && kind == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

var errAmbiguous = errors.New("the JSON text has two readings")

// unambiguousJSON refuses JSON that two parsers may read differently: a key
// twice, keys that differ only in case, a number of 2^53 or more however it is
// written, one that overflows float64 or vanishes in it, trailing data, broken UTF-8, deep nesting.
func unambiguousJSON(body []byte) error {
	if !utf8.Valid(body) || !json.Valid(body) || bytes.HasPrefix(body, []byte("\ufeff")) {
		return errAmbiguous
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := walkValue(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errAmbiguous
	}
	return nil
}

func walkValue(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil || depth > maxDepth {
		return errAmbiguous
	}
	switch v := t.(type) {
	case json.Number:
		return walkNumber(v)
	case string:
		return walkString(v)
	case json.Delim:
		if v == '{' {
			return walkObject(d, depth)
		}
		return walkArray(d, depth)
	}
	return nil
}

func walkArray(d *json.Decoder, depth int) error {
	for d.More() {
		if err := walkValue(d, depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func walkObject(d *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return errAmbiguous
		}
		folded := fold(key)
		if seen[folded] || strings.EqualFold(key, "_method") || walkString(key) != nil {
			return errAmbiguous
		}
		seen[folded] = true
		if err := walkValue(d, depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// fold maps keys that a case-insensitive reader takes for one to one spelling.
func fold(key string) string { return strings.ToLower(strings.ToUpper(key)) }

// walkString refuses an unpaired surrogate escape, which decoders replace.
func walkString(s string) error {
	if strings.ContainsRune(s, utf8.RuneError) {
		return errAmbiguous
	}
	return nil
}

func walkNumber(n json.Number) error {
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil || f >= maxInteger || f <= -maxInteger {
		return errAmbiguous
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(n.String()), "e")
	if f == 0 && strings.ContainsAny(mantissa, "123456789") {
		return errAmbiguous
	}
	return nil
}

package pep

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/internal/strictjson"
)

// A bodyReader reads the body that a route of this kind takes. It returns a
// code and a status when the request has to be refused for its body.
type bodyReader func(kind string) (body []byte, code string, status int)

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
	if !strictjson.Unambiguous(body) {
		return nil, "body_ambiguous", http.StatusBadRequest
	}
	return body, "", 0
}

func isJSON(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && kind == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

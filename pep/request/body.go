package request

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pep/code"
)

// ReadBody reads the body whole, at most limit bytes, and refuses what a route
// for this kind of body does not take or what has two readings. It returns the
// bytes as sent, and the code of a refusal, "" for none.
//
// A body that its length alone refuses is not read.
func ReadBody(w http.ResponseWriter, r *http.Request, kind string, limit int64) (body []byte, refused string) {
	excess := code.BodyTooLarge
	if kind != "json" {
		excess, limit = code.BodyUnexpected, 0
	}
	if r.ContentLength > limit {
		return nil, excess
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, excess
	case err != nil:
		return nil, code.BodyUnreadable
	case len(body) == 0:
		return nil, ""
	case r.Header.Get("Content-Encoding") != "" || !isJSON(r.Header.Get("Content-Type")):
		return nil, code.MediaTypeRefused
	case !strictjson.Unambiguous(body):
		return nil, code.BodyAmbiguous
	}
	return body, ""
}

func isJSON(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && kind == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

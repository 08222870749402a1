// Package problem writes errors as RFC 9457 problem documents. A document
// carries stable codes and the id of the decision, never an internal text.
package problem

import (
	"encoding/json"
	"net/http"
)

// ContentType of a problem document.
const ContentType = "application/problem+json"

// A Document is what a caller is told.
type Document struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Decision string   `json:"decision_id,omitempty"`
	Reasons  []string `json:"reasons"`          // stable codes, the first one names the type
	Errors   []Field  `json:"errors,omitempty"` // faulty fields of the caller's own input
	LogIn    string   `json:"log_in,omitempty"` // where a person logs in, when that would help
}

// A Field says what is wrong with one input field and what was expected. It
// never repeats the value.
type Field struct {
	Location string `json:"location"` // "body.email"
	Message  string `json:"message"`  // "expected an e-mail address"
}

// New returns a document with the status and reason codes.
func New(status int, reasons ...string) Document {
	kind := "about:blank"
	if len(reasons) > 0 {
		kind = "urn:wardgate:problem:" + reasons[0]
	} else {
		reasons = []string{}
	}
	return Document{Type: kind, Title: http.StatusText(status), Status: status, Reasons: reasons}
}

// Write sends d. Problem documents are never cached.
func Write(w http.ResponseWriter, d Document) {
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Del("Content-Length")
	w.WriteHeader(d.Status)
	// The status is sent: a broken connection is the client's loss.
	_ = json.NewEncoder(w).Encode(d)
}

// A Malformed is the error of an input with faulty fields, never their values.
type Malformed struct{ Fields []Field }

// Error is a constant text.
func (*Malformed) Error() string { return "malformed input" }

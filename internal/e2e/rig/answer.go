package rig

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
)

func ReadAndClose(res *http.Response) ([]byte, error) {
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

// An answer is what came back.
type Answer struct {
	t      testing.TB
	What   string
	Status int
	Header http.Header
	Body   []byte
}

// IsBusy reports whether there was no time to decide, or to read who asks.
func (a *Answer) IsBusy() bool {
	return a.Status == http.StatusServiceUnavailable &&
		(bytes.Contains(a.Body, []byte("decision_unavailable")) || bytes.Contains(a.Body, []byte("identity_unavailable")))
}

func (a *Answer) Is(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s: got %d %s, want %d", a.What, a.Status, a.Body, status)
	}
	return a
}

func (a *Answer) Into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		a.t.Fatalf("%s: %v in %s", a.What, err, a.Body)
	}
}

type ProblemDocument struct {
	Type     string
	Title    string
	Status   int
	Decision string `json:"decision_id"`
	Reasons  []string
}

// Denied checks a problem document with exactly these reasons.
func (a *Answer) Denied(status int, reasons ...string) *Answer {
	a.t.Helper()
	a.Is(status)
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("%s: got content type %q", a.What, got)
	}
	var p ProblemDocument
	a.Into(&p)
	if !slices.Equal(p.Reasons, reasons) || p.Status != status || p.Decision == "" || p.Type == "" || p.Title == "" {
		a.t.Errorf("%s: got %s, want reasons %v", a.What, a.Body, reasons)
	}
	return a
}

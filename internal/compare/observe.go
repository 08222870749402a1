package main

import (
	"bytes"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"
)

// observed is all that one request showed on one side, as one JSON-like value.
type observed struct {
	answer  *answer
	late    bool             // it was not decided in time
	records []map[string]any // of the journal, in order, without those of the background
}

// skippedHeaders follow from what is compared anyway, or from a clock.
var skippedHeaders = []string{"Date", "Content-Length"}

// seen makes the value that is compared of an answer, the records, and what
// reached the backend.
func (s *side) seen(at string, o *observed) map[string]any {
	out := map[string]any{"status": o.answer.status}
	if o.answer.failed != "" {
		out["failed"] = o.answer.failed
	}
	header := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(o.answer.header)) {
		if !slices.Contains(skippedHeaders, name) {
			header[name] = s.headerValue(at, name, o.answer.header[name])
		}
	}
	out["header"] = header
	s.body(at, o.answer, out)
	if len(o.records) > 0 {
		inOrderOf(o.answer.body, o.records)
		journal := make([]any, len(o.records))
		for i, r := range o.records {
			journal[i] = s.names.value(fmt.Sprintf("%s/journal/%d", at, i), "", r)
		}
		out["journal"] = journal
	}
	if got := s.backend.take(); len(got) > 0 {
		out["backend"] = s.names.value(at+"/backend", "", got)
	}
	return out
}

// inOrderOf sorts the records of several questions, which are answered at once,
// by where their decisions stand in the answer.
func inOrderOf(body []byte, records []map[string]any) {
	place := func(r map[string]any) int { return bytes.Index(body, []byte(`"`+text(r["decision"])+`"`)) }
	slices.SortStableFunc(records, func(a, b map[string]any) int { return place(a) - place(b) })
}

func (s *side) body(at string, a *answer, out map[string]any) {
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if strings.HasSuffix(kind, "json") {
		if v, ok := readJSON(a.body); ok {
			out["body"] = s.names.value(at+"/body", "", v)
			return
		}
	}
	if len(a.body) > 0 {
		out["body"] = s.names.page(at+"/body", string(a.body))
	}
}

func (s *side) headerValue(at, name string, values []string) any {
	joined := strings.Join(values, " | ")
	if looseMembers[name] {
		return joined
	}
	where := at + "/header/" + name
	if token.FindString(joined) == joined && joined != "" {
		return s.names.token(where, joined)
	}
	return s.names.page(where, joined)
}

// isBackground reports whether a record is of no request: what the process
// says of itself, and what it does each few seconds.
func isBackground(r map[string]any) bool {
	kind, action, detail := text(r["kind"]), text(r["action"]), text(r["detail"])
	return kind == "system" || kind == "policy" || detail == "aggregated" ||
		strings.HasPrefix(action, "sentinel.") || strings.HasPrefix(action, "alert.")
}

func text(v any) string {
	t, _ := v.(string)
	return t
}

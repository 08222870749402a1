package pep_test

import (
	"strings"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pip"
)

// checkOracle holds the promise over all promises: each request that reached
// the backend has exactly one earlier record that allowed it, and that record
// says the same of it as its bytes do.
func (w *world) checkOracle() {
	w.t.Helper()
	w.drain()
	got, extra := w.backend.requests()
	for _, bytes := range extra {
		w.t.Errorf("the backend received bytes that are no plain request: %q", bytes)
	}
	used := map[string]bool{}
	if w.counts {
		w.judgeByCounts(got)
		got = nil
	}
	for i, r := range got {
		if w.unsigned {
			w.judgeUnsigned(r, i)
			continue
		}
		w.judge(r, used)
	}
	for _, secret := range []string{w.tokens.good(), "Wardgate-Assertion: ey"} {
		if strings.Contains(w.logs.String(), secret) {
			w.t.Errorf("a log holds a token")
		}
	}
}

// judgeByCounts knows requests that were sent side by side, and bear no
// assertion, by how many there are of each: no more than were allowed.
func (w *world) judgeByCounts(got []received) {
	w.t.Helper()
	left := map[string]int{}
	for _, e := range w.journal.of(pip.KindDecision) {
		if e.Allow {
			left[e.Method+" "+e.Path]++
		}
	}
	for _, r := range got {
		path, _ := r.target()
		line := r.method() + " " + path
		if left[line]--; left[line] < 0 {
			w.t.Errorf("%s: arrived more often than it was allowed", line)
		}
	}
}

// judgeUnsigned knows a request by its place among those that were sent one
// after the other: the records that allow are in the same order.
func (w *world) judgeUnsigned(r received, i int) {
	w.t.Helper()
	var allowed []entry
	for _, e := range w.journal.of(pip.KindDecision) {
		if e.Allow {
			allowed = append(allowed, e)
		}
	}
	path, _ := r.target()
	if i >= len(allowed) || allowed[i].order >= r.order || allowed[i].Path != path || allowed[i].Method != r.method() ||
		allowed[i].BodyDigest != assertion.Digest([]byte(r.body)) {
		w.t.Errorf("%s: no record allowed it", r.line)
	}
}

func (w *world) judge(r received, used map[string]bool) {
	w.t.Helper()
	signed := r.values(assertion.Header)
	if len(signed) != 1 {
		w.t.Errorf("%s: %d assertions, want 1", r.line, len(signed))
		return
	}
	path, query := r.target()
	audience := "records"
	if other := w.audience[path]; other != "" {
		audience = other
	}
	claims, err := w.key.Verify(signed[0], audience, r.at)
	if err != nil {
		w.t.Errorf("%s: assertion: %v", r.line, err)
		return
	}
	if used[claims.Decision] && !w.repeats {
		w.t.Errorf("%s: decision %s came twice", r.line, claims.Decision)
	}
	used[claims.Decision] = true
	want := pip.Event{
		Method:      r.method(),
		Path:        path,
		QueryDigest: assertion.Digest([]byte(query)),
		BodyDigest:  assertion.Digest([]byte(r.body)),
		Subject:     claims.Subject,
	}
	if claims.Method != want.Method || claims.Path != want.Path ||
		claims.QueryDigest != want.QueryDigest || claims.BodyDigest != want.BodyDigest {
		w.t.Errorf("%s: the assertion is about another request", r.line)
	}
	var records []entry
	for _, e := range w.journal.of(pip.KindDecision) {
		if e.Decision == claims.Decision {
			records = append(records, e)
		}
	}
	if len(records) != 1 {
		w.t.Errorf("%s: %d decision records, want 1", r.line, len(records))
		return
	}
	e := records[0]
	same := e.Method == want.Method && e.Path == want.Path && e.QueryDigest == want.QueryDigest &&
		e.BodyDigest == want.BodyDigest && e.Subject == want.Subject
	if !e.Allow || e.order >= r.order || !same || e.Revision == "" {
		w.t.Errorf("%s: record allow=%t earlier=%t same=%t revision=%q", r.line, e.Allow, e.order < r.order, same, e.Revision)
	}
}

package health

import (
	"testing"
	"time"
)

// One lost question shows for a while, and since when a row of them lasts.
func TestRowOfUnansweredQuestions(t *testing.T) {
	var s source
	begun := time.Unix(1_800_000_000, 0).UTC()
	for _, tt := range []struct {
		at    time.Duration
		fails bool
		want  string
		since time.Time
	}{
		{0, false, "answering", time.Time{}},
		{0, true, "failing", begun},
		{10 * time.Second, true, "failing", begun},
		{24 * time.Second, false, "failing", begun},
		{26 * time.Second, false, "answering", time.Time{}},
		{60 * time.Second, true, "failing", begun.Add(time.Minute)},
	} {
		now := begun.Add(tt.at)
		if tt.fails {
			s.failed(now)
		}
		if got := s.condition(now); got.State != tt.want || !got.Since.Equal(tt.since) || got.Degraded != (tt.want != "answering") {
			t.Errorf("at %v: got %+v, want %s since %v", tt.at, got, tt.want, tt.since)
		}
	}
}

package revocation

import (
	"context"
	"errors"
	"time"
)

// Ban cuts a subject off from everything until then. A later ban replaces an
// earlier one.
func (l *List) Ban(_ context.Context, subject string, until time.Time) error {
	if subject == "" {
		return errors.New("ban: no subject")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subjects[subject] = until
	return nil
}

// Unban lets a subject in again. One that is not banned is no error.
func (l *List) Unban(_ context.Context, subject string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.subjects, subject)
	return nil
}

// banned needs l.mu. A query without a time is judged as if the ban held.
func (l *List) banned(subject string, now time.Time) bool {
	until, found := l.subjects[subject]
	return found && subject != "" && (now.IsZero() || now.Before(until))
}

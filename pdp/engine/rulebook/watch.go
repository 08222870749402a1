package rulebook

import (
	"context"
	"io/fs"
	"time"
)

// settle is how often a watched rule book is read. What is read must be the
// same twice before it is activated, so that a half-saved edit is not.
const settle = 150 * time.Millisecond

// Watch hands the rule book in fsys to activate whenever its content changes,
// until the context ends. It compares content, not notifications: those miss bind
// mounts and exchanged symbolic links. active is the revision in force. What comes by again has the content be
// handed on once more, although it is as before.
func Watch(ctx context.Context, fsys fs.FS, active string, again <-chan struct{}, activate func()) {
	ticker := time.NewTicker(settle)
	defer ticker.Stop()
	tried, seen, since := active, active, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again:
			tried = ""
			continue
		case <-ticker.C:
		}
		now := rulesOf(fsys)
		if now != seen {
			seen, since = now, time.Now()
			continue
		}
		if now == tried || time.Since(since) < settle/2 { // ticks of a busy machine come at once
			continue
		}
		tried = now
		activate()
	}
}

package engine

import (
	"context"
	"io/fs"
	"time"
)

// settle is how often a watched rule book is read. What is read must be the
// same twice before it is activated, so that a half-saved edit is not.
const settle = 150 * time.Millisecond

// Watch activates the rule book in fsys whenever its content changes, until
// the context ends. It compares content, not notifications: those miss bind
// mounts and exchanged symbolic links. changed hears of every attempt: of the
// new revision, or of why the last good one goes on serving.
func (e *Engine) Watch(ctx context.Context, fsys fs.FS, changed func(revision string, err error)) {
	ticker := time.NewTicker(settle)
	defer ticker.Stop()
	tried, seen := e.Revision(), e.Revision()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := contentOf(fsys)
		if now == tried || now != seen {
			seen = now
			continue
		}
		tried = now
		changed(e.Activate(fsys))
	}
}

// contentOf is the digest of a rule book, or what is wrong with reading it:
// either way it changes exactly when another attempt is worth while.
func contentOf(fsys fs.FS) string {
	files, err := readRuleBook(fsys)
	if err != nil {
		return err.Error()
	}
	return digest(files)
}

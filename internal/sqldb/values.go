package sqldb

import (
	"context"
	"database/sql"
	"time"
)

// An Execer is a database or a transaction.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Changed runs a conditional statement and reports whether it hit its one row:
// of callers who want the same change, it is true for the one who won.
func Changed(ctx context.Context, on Execer, query string, args ...any) (bool, error) {
	result, err := on.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// Micros is how a time stands in a column: microseconds since 1970, UTC. The
// zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the inverse of Micros.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlitecodes "modernc.org/sqlite/lib"
)

// The server's numbers that mean something here.
const (
	duplicate = 1062
	lockWait  = 1205
	deadlock  = 1213
)

// A Fault is what a server answered, without its words: they quote values, such
// as the key of a duplicate row, and errors end in logs.
type Fault struct{ Number uint16 }

func (f *Fault) Error() string {
	switch f.Number {
	case duplicate:
		return "the key is there already (MySQL error 1062)"
	case lockWait:
		return "a lock was not to be had in time (MySQL error 1205)"
	case deadlock:
		return "a deadlock with another change (MySQL error 1213)"
	default:
		return fmt.Sprintf("MySQL error %d", f.Number)
	}
}

// unavailable are the answers of a server that is there and cannot serve: too
// many connections (1040, 1203, 1226), shutting down (1053), a host that is
// blocked (1129), a lock or deadlock to the end (1205, 1213), and a database
// that takes no changes (1290, 1792, 1836).
var unavailable = []uint16{1040, 1053, 1129, 1203, lockWait, deadlock, 1226, 1290, 1792, 1836}

// Unavailable reports whether err says that the database could not be reached or
// could not serve in time, as opposed to a statement that it refused: the same
// statement may succeed later.
func Unavailable(err error) bool {
	var network net.Error
	var answer *Fault
	var file *sqlite.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, ErrCollided), errors.As(err, &network):
		return true
	case errors.As(err, &answer):
		return slices.Contains(unavailable, answer.Number)
	case errors.As(discreet(err), &answer):
		return slices.Contains(unavailable, answer.Number)
	case errors.As(err, &file):
		switch file.Code() & 0xff {
		case sqlitecodes.SQLITE_BUSY, sqlitecodes.SQLITE_LOCKED, sqlitecodes.SQLITE_IOERR, sqlitecodes.SQLITE_FULL,
			sqlitecodes.SQLITE_CANTOPEN, sqlitecodes.SQLITE_READONLY, sqlitecodes.SQLITE_PROTOCOL,
			sqlitecodes.SQLITE_INTERRUPT, sqlitecodes.SQLITE_NOMEM:
			return true
		}
	}
	return false
}

// Standing names what an error says of a database: "locked", "full",
// "unreachable", or "failing".
func Standing(err error) string {
	var file *sqlite.Error
	switch {
	case err == nil:
		return "answering"
	case errors.As(err, &file):
		switch file.Code() & 0xff {
		case sqlitecodes.SQLITE_BUSY, sqlitecodes.SQLITE_LOCKED:
			return "locked"
		case sqlitecodes.SQLITE_FULL:
			return "full"
		case sqlitecodes.SQLITE_CANTOPEN:
			return "unreachable"
		}
		return "failing"
	case Unavailable(err):
		return "unreachable"
	default:
		return "failing"
	}
}

// discreet replaces a server's words by their number.
func discreet(err error) error {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return &Fault{Number: e.Number}
	}
	return err
}

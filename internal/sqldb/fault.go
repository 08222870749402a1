package sqldb

import (
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
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

// discreet replaces a server's words by their number.
func discreet(err error) error {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return &Fault{Number: e.Number}
	}
	return err
}

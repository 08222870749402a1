package store

import (
	"errors"

	"github.com/wardgate/wardgate/records/crypt"
)

// fields seals and opens the columns of one row. It remembers the first error,
// after which its results mean nothing: callers look at err before they use any.
// A cell that does not open is no error: one spoilt cell must not hide the row,
// and the rows beside it. It is named in unreadable.
type fields struct {
	cipher     *crypt.Cipher
	table      string
	row        string
	unreadable []string // columns, in the order in which they were opened
	err        error
}

func (s *Store) fields(table, row string) *fields {
	return &fields{cipher: s.cipher, table: table, row: row}
}

func (f *fields) seal(column, plain string) string {
	if f.err != nil {
		return ""
	}
	var sealed string
	sealed, f.err = f.cipher.Seal(crypt.Place{Table: f.table, Row: f.row, Column: column}, plain)
	return sealed
}

// open replaces the sealed text in *field by the plain one, or by nothing.
func (f *fields) open(column string, field *string) {
	sealed := *field
	*field = ""
	if f.err != nil {
		return
	}
	plain, err := f.cipher.Open(crypt.Place{Table: f.table, Row: f.row, Column: column}, sealed)
	switch {
	case errors.Is(err, crypt.ErrSealed):
		f.unreadable = append(f.unreadable, column)
	case err != nil:
		f.err = err
	default:
		*field = plain
	}
}

// Package store keeps the patients' records in SQL: departments, staff,
// patients, their clinical services, bills and payments. Whatever tells about
// a person or their health is sealed before it reaches the database.
//
// Every read and write of a patient's rows takes the Rows that the caller may
// touch. A row outside of them does not exist for that caller: ErrNotVisible.
//
// The views care_patient (patient_id, staff_id, department_id) and
// care_service (service_id, patient_id) are a contract with the information
// point for care relationships, which reads them with SQL of its own.
//
// The SQL is the common dialect of SQLite and MySQL.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/records/crypt"
)

// What the store answers when it does not do as asked.
var (
	ErrNotVisible = errors.New("no such row for this caller")
	ErrConflict   = errors.New("the row has changed meanwhile")
	ErrDone       = errors.New("the service is done already")
	ErrEmpty      = errors.New("the service would say nothing")
	ErrUnreadable = errors.New("the row has cells that cannot be read, and would be lost")
	ErrStaff      = errors.New("no such staff record for this")
	ErrEnrolment  = errors.New("enrolment code not accepted")
)

//go:embed migrations
var migrations embed.FS

const versionTable = "goose_db_version"

// A Store may be used from many goroutines.
type Store struct {
	read   *sqldb.DB
	write  *sqldb.DB // SQLite has one writer at a time: they queue here. A server's is the same as read
	cipher *crypt.Cipher

	compare func(hash, code []byte) error // bcrypt's, which is slow on purpose
}

// Open opens the SQLite file at path, which it makes for its owner alone, and
// brings its tables up to date. A cipher with other keys than the file's own
// is refused.
func Open(ctx context.Context, path string, cipher *crypt.Cipher) (*Store, error) {
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open records: %w", err)
	}
	write, err := sqldb.OpenFile(path)
	if err != nil {
		return nil, fmt.Errorf("open records: %w", err)
	}
	write.SetMaxOpenConns(1)
	read, err := sqldb.OpenFile(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open records: %w", err), write.Close())
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	s := &Store{read: read, write: write, cipher: cipher, compare: bcrypt.CompareHashAndPassword}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// New is Open for a database that is open: that of a server. The store closes
// it in the end.
func New(ctx context.Context, db *sqldb.DB, cipher *crypt.Cipher) (*Store, error) {
	s := &Store{read: db, write: db, cipher: cipher, compare: bcrypt.CompareHashAndPassword}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Close ends the use of the database.
func (s *Store) Close() error {
	return errors.Join(s.read.Close(), s.write.Close())
}

// Ready reports whether the database answers and would take a change.
func (s *Store) Ready(ctx context.Context) error {
	return s.write.Ready(ctx)
}

func (s *Store) prepare(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrate records: %w", err)
	}
	if err := s.write.Migrate(ctx, files, versionTable); err != nil {
		return fmt.Errorf("open records: %w", err)
	}
	return s.checkKeys(ctx)
}

// checkKeys opens a value that was sealed when the database was made. Without
// it a lost key file would be noticed only after new rows were sealed with a
// key that does not open the old ones.
func (s *Store) checkKeys(ctx context.Context) error {
	const id, word = "1", "records"
	place := crypt.Place{Table: "seal_check", Row: id, Column: "sealed"}
	return s.change(ctx, func(tx *sqldb.Tx) error {
		var sealed string
		err := tx.QueryRowContext(ctx, "SELECT sealed FROM seal_check WHERE id = ?", id).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) {
			if sealed, err = s.cipher.Seal(place, word); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO seal_check (id, sealed) VALUES (?, ?)", id, sealed)
			return err
		}
		if err != nil {
			return fmt.Errorf("check keys: %w", err)
		}
		if _, err := s.cipher.Open(place, sealed); err != nil {
			return fmt.Errorf("these keys are not the database's own: %w", err)
		}
		return nil
	})
}

// change runs f in one transaction, which is kept only when f returns nil. It
// may run f more than once.
func (s *Store) change(ctx context.Context, f func(tx *sqldb.Tx) error) error {
	return s.write.Change(ctx, f)
}

// A querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// changed reports how many rows a statement changed.
func changed(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return id.String(), nil
}

// The database keeps microseconds since 1970, UTC.
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

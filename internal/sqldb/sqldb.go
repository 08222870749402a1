// Package sqldb opens the SQL databases that stores keep their tables in: a
// SQLite file, or a MySQL or MariaDB server. It owns what differs between them:
// how to connect, what a session is set to, how a schema is brought up to date,
// and which failures of a change are worth another try. It knows no table.
//
// Stores write the one dialect that both understand, and let concurrent changes
// meet in conditional updates.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlitecodes "modernc.org/sqlite/lib"

	"github.com/wardgate/wardgate/internal/durable"
)

const (
	// tries is how often a change is made that collided with another one. SQLite
	// waits a second each time for the one writer that there is (busy_timeout in
	// milliseconds): while it waits, it does not see that a context has ended.
	tries = 10
	// fileConnections suit SQLite, where one writes at a time.
	fileConnections = 4
)

// A DB is an open database. Statements that change something go through its own
// ExecContext or Change, which try again after a collision and keep the values
// of a statement out of errors.
type DB struct {
	*sql.DB
	server *mysql.Config // nil for SQLite
	name   string        // for errors
}

// OpenFile opens the SQLite file at path, mode 0600, and makes it when there is
// none. The caller closes the database.
func OpenFile(path string) (*DB, error) {
	if err := durable.Ensure(path, 0o600); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return openFile(path, "?_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=busy_timeout(1000)&_txlock=immediate")
}

// ReadFile opens an existing SQLite file to read from it alone.
func ReadFile(path string) (*DB, error) {
	return openFile(path, "?mode=ro&_pragma=busy_timeout(1000)&_pragma=query_only(1)")
}

// OpenExisting opens a SQLite file that another process makes. While there is
// none, every statement is an error.
func OpenExisting(path string) (*DB, error) {
	return openFile(path, "?mode=rw&_pragma=foreign_keys(1)&_pragma=busy_timeout(1000)&_txlock=immediate")
}

func openFile(path, pragmas string) (*DB, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+pragmas)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(fileConnections)
	return &DB{DB: db, name: filepath.Base(path)}, nil
}

// Close closes the database. That a server is not there to say goodbye to is no
// fault: its connections are closed all the same.
func (db *DB) Close() error {
	err := db.DB.Close()
	if db.server != nil {
		return nil
	}
	return err
}

// IsFile reports whether the database is a SQLite file.
func (db *DB) IsFile() bool { return db.server == nil }

// Migrate brings the tables up to date, by the files *.sql in the root of files
// and in its folder "sqlite" or "mysql", whose numbers are of one sequence. It
// notes in the table called versions how far it came. Of processes that start at
// once, one does it and the others wait.
func (db *DB) Migrate(ctx context.Context, files fs.FS, versions string) error {
	on, dialect, own := db.DB, goose.DialectSQLite3, "sqlite"
	if db.server != nil {
		patient, free, err := db.lockSchema(ctx, versions)
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		defer free()
		on, dialect, own = patient, goose.DialectMySQL, "mysql"
	}
	p, err := goose.NewProvider(dialect, on, migrations{files, own}, goose.WithTableName(versions), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := Raise(ctx, p, db.name); err != nil {
		return err
	}
	if db.server != nil {
		return checkColumns(ctx, on)
	}
	return nil
}

// A NewerError says that a program of a later version has changed the tables: this
// one does not know what they mean.
type NewerError struct {
	Database     string
	Found, Known int64
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the tables of %s have version %d, and this program knows them up to version %d; use the program that changed them, or a newer one",
		e.Database, e.Found, e.Known)
}

// Raise brings tables up to the newest version that the program knows, and
// returns a NewerError for those that are beyond it. Nothing is changed then.
func Raise(ctx context.Context, p *goose.Provider, database string) error {
	found, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if found > known {
		return &NewerError{Database: database, Found: found, Known: known}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// migrations are the files in the root, and those in the folder of one dialect.
type migrations struct {
	fs.FS
	own string
}

// Glob finds a pattern in both.
func (m migrations) Glob(pattern string) ([]string, error) {
	common, err := fs.Glob(m.FS, pattern)
	if err != nil {
		return nil, err
	}
	own, err := fs.Glob(m.FS, m.own+"/"+pattern)
	return append(common, own...), err
}

// Ready reports whether the database answers and would take a change now.
func (db *DB) Ready(ctx context.Context) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s is not ready: %w", db.name, discreet(err))
	}
	defer tx.Rollback()
	var one int
	if err := tx.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("%s is not ready: %w", db.name, discreet(err))
	}
	return nil
}

// A Tx is a transaction of Change.
type Tx struct{ *sql.Tx }

// ExecContext is that of sql.Tx, but its error quotes no value.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := tx.Tx.ExecContext(ctx, query, args...)
	return result, discreet(err)
}

// Change runs f in one transaction, which is kept only when f returns nil. After
// a collision with another change, f runs anew in a new transaction: it must not
// build upon what an earlier run of it has left elsewhere.
func (db *DB) Change(ctx context.Context, f func(tx *Tx) error) error {
	return again(ctx, func() error { return db.changeOnce(ctx, f) }, deadlock, lockWait, duplicate)
}

func (db *DB) changeOnce(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // a no-op after Commit
	if err := f(&Tx{Tx: tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", discreet(err))
	}
	return nil
}

// Snapshot begins a transaction whose statements all read the state of one
// moment, and can change nothing. The caller rolls it back.
func (db *DB) Snapshot(ctx context.Context) (*sql.Tx, error) {
	o := &sql.TxOptions{ReadOnly: true} // SQLite's transactions are never otherwise
	if db.server != nil {
		o.Isolation = sql.LevelRepeatableRead
	}
	return db.BeginTx(ctx, o)
}

// ExecContext runs one statement by itself, and again after a collision.
func (db *DB) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = again(ctx, func() error {
		result, err = db.DB.ExecContext(ctx, query, args...)
		return discreet(err)
	}, deadlock, lockWait)
	return result, err
}

// ErrCollided is what f of Change returns when it sees by itself that another
// change came first. It is what Change returns when that happened too often.
var ErrCollided = errors.New("another change came first")

// again runs f until it does not fail as one of these numbers say: with a
// collision, which has changed nothing. In a transaction a duplicate is one, too:
// another transaction has inserted the row that f did not find, and will find now. Any
// other failure, above all one of unknown outcome, is the caller's.
func again(ctx context.Context, f func() error, numbers ...uint16) error {
	var err error
	for try := range tries {
		err = f()
		var fault *Fault
		known := errors.As(err, &fault) && slices.Contains(numbers, fault.Number)
		if !known && !errors.Is(err, ErrCollided) && !busy(err) {
			return err
		}
		// Those that collided once must not meet again at once.
		pause := time.NewTimer(rand.N(time.Millisecond << min(try, 6)))
		select {
		case <-ctx.Done():
			pause.Stop()
			return errors.Join(err, ctx.Err())
		case <-pause.C:
		}
	}
	return err
}

// busy reports whether SQLite waited for another writer in vain, which happens
// to the unlucky one of many: it has no queue.
func busy(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && s.Code()&0xff == sqlitecodes.SQLITE_BUSY
}

// Duplicate reports whether a row was refused because its key is there already.
func Duplicate(err error) bool {
	var f *Fault
	if errors.As(err, &f) {
		return f.Number == duplicate
	}
	var s *sqlite.Error
	return errors.As(err, &s) &&
		(s.Code() == sqlitecodes.SQLITE_CONSTRAINT_UNIQUE || s.Code() == sqlitecodes.SQLITE_CONSTRAINT_PRIMARYKEY)
}

package sqldbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
)

// Faults counts what a database is asked, and fails one question of them. The zero
// Faults fails nothing. Questions are statements, the begin and the end of
// transactions, and the reading of rows: each is one way to the database and back.
type Faults struct {
	Way time.Duration // that each takes but the reading of rows, which come with their statement

	mu    sync.Mutex
	asked []string
	at    int // 1 is the next question; 0 is none
	err   error
}

// Fail has the n-th question from now on fail with err, and forgets what was asked
// before.
func (f *Faults) Fail(n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.at, f.err = nil, n, err
}

// Asked is what was asked since the last Fail.
func (f *Faults) Asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.asked...)
}

// Failed reports whether the question that was to fail has been asked.
func (f *Faults) Failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at > 0 && len(f.asked) >= f.at
}

// reading is the question of the first row.
const reading = "rows"

func (f *Faults) ask(what string) error {
	if what != reading {
		time.Sleep(f.Way)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what)
	if f.at == len(f.asked) {
		return f.err
	}
	return nil
}

// OpenFaulty opens the SQLite file at path, as sqldb.OpenFile does, behind faults.
func OpenFaulty(t testing.TB, path string, f *Faults) *sqldb.DB {
	t.Helper()
	plain, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=busy_timeout(1000)&_txlock=immediate"
	db := &sqldb.DB{DB: sql.OpenDB(&connector{plain.Driver(), "file:" + (&url.URL{Path: path}).EscapedPath() + pragmas, f})}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

type connector struct {
	driver driver.Driver
	dsn    string
	faults *Faults
}

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	inner, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	whole, ok := inner.(conn)
	if !ok {
		return nil, errors.New("the driver's connections do less than expected")
	}
	return &faulty{whole, c.faults}, nil
}

func (c *connector) Driver() driver.Driver { return c.driver }

type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type faulty struct {
	conn
	faults *Faults
}

func (c *faulty) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if err := c.faults.ask("BEGIN"); err != nil {
		return nil, err
	}
	inner, err := c.conn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &faultyTx{inner, c.faults}, nil
}

func (c *faulty) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.faults.ask(query); err != nil {
		return nil, err
	}
	return c.conn.ExecContext(ctx, query, args)
}

func (c *faulty) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.faults.ask(query); err != nil {
		return nil, err
	}
	inner, err := c.conn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return &faultyRows{Rows: inner, faults: c.faults}, nil
}

type faultyTx struct {
	driver.Tx
	faults *Faults
}

// Commit that fails has kept nothing.
func (t *faultyTx) Commit() error {
	if err := t.faults.ask("COMMIT"); err != nil {
		return errors.Join(err, t.Tx.Rollback())
	}
	return t.Tx.Commit()
}

type faultyRows struct {
	driver.Rows
	faults *Faults
	read   bool
}

// Next fails where the first row is read: what follows comes with it.
func (r *faultyRows) Next(dest []driver.Value) error {
	if !r.read {
		r.read = true
		if err := r.faults.ask(reading); err != nil {
			return err
		}
	}
	return r.Rows.Next(dest)
}

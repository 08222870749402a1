package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
)

var counters = fstest.MapFS{"00001_counters.sql": {Data: []byte(`-- +goose Up
CREATE TABLE counters (id VARCHAR(36) NOT NULL PRIMARY KEY, n BIGINT NOT NULL);

-- +goose Down
DROP TABLE counters;
`)}}

// Everything in this file holds for SQLite and, with the build tag
// "integration", for a real server.

func TestProcessesMigrateAtOnce(t *testing.T) {
	open := sqldbtest.New(t)
	var processes sync.WaitGroup
	for range 4 {
		db := open()
		if db.IsFile() {
			// SQLite has one process: the data folder is locked for it.
			if err := db.Migrate(t.Context(), counters, "test_version"); err != nil {
				t.Error(err)
			}
			continue
		}
		processes.Go(func() {
			if err := db.Migrate(t.Context(), counters, "test_version"); err != nil {
				t.Error(err)
			}
		})
	}
	processes.Wait()
}

// A first insert and a later update of one row, from many at once: each counts.
func TestCollisionsLoseNothing(t *testing.T) {
	open := sqldbtest.New(t)
	one, two := open(), open()
	if err := one.Migrate(t.Context(), counters, "test_version"); err != nil {
		t.Fatal(err)
	}
	const each = 50
	var all sync.WaitGroup
	for i := range 2 * each {
		all.Go(func() {
			db := []*sqldb.DB{one, two}[i%2]
			if err := db.Change(t.Context(), count); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var n int
	if err := one.QueryRowContext(t.Context(), "SELECT n FROM counters WHERE id = 'x'").Scan(&n); err != nil || n != 2*each {
		t.Errorf("got %d, %v, want %d", n, err, 2*each)
	}
}

func count(tx *sqldb.Tx) error {
	ctx := context.Background()
	result, err := tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = 'x'")
	if err != nil {
		return err
	}
	if hit, err := result.RowsAffected(); err != nil || hit == 1 {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO counters (id, n) VALUES ('x', 1)")
	return err
}

// Two that take the same rows in opposite order: one is thrown out, and comes again.
func TestDeadlockIsTriedAgain(t *testing.T) {
	open := sqldbtest.New(t)
	db := open()
	if err := db.Migrate(t.Context(), counters, "test_version"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO counters (id, n) VALUES ('a', 0), ('b', 0)"); err != nil {
		t.Fatal(err)
	}
	const rounds = 30
	var both sync.WaitGroup
	for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		both.Go(func() {
			for range rounds {
				err := db.Change(t.Context(), func(tx *sqldb.Tx) error {
					for _, id := range order {
						if _, err := tx.ExecContext(t.Context(), "UPDATE counters SET n = n + 1 WHERE id = ?", id); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	var sum int
	if err := db.QueryRowContext(t.Context(), "SELECT SUM(n) FROM counters").Scan(&sum); err != nil || sum != 4*rounds {
		t.Errorf("got %d, %v, want %d", sum, err, 4*rounds)
	}
}

func TestWhatFails(t *testing.T) {
	db := sqldbtest.New(t)()
	if err := db.Migrate(t.Context(), counters, "test_version"); err != nil {
		t.Fatal(err)
	}
	insert := func(id string) error {
		_, err := db.ExecContext(t.Context(), "INSERT INTO counters (id, n) VALUES (?, 0)", id)
		return err
	}
	for _, id := range []string{"secret", "Secret", "secret "} {
		if err := insert(id); err != nil {
			t.Errorf("%q is another id: %v", id, err)
		}
	}
	if err := insert("secret"); !sqldb.Duplicate(err) || strings.Contains(fmt.Sprint(err), "secret") {
		t.Errorf("got %v, want a duplicate that quotes nothing", err)
	}
	failed := errors.New("changed my mind")
	err := db.Change(t.Context(), func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(t.Context(), "DELETE FROM counters"); err != nil {
			return err
		}
		return failed
	})
	var n int
	if scan := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM counters").Scan(&n); scan != nil || n != 3 || !errors.Is(err, failed) {
		t.Errorf("got %d rows, %v, %v, want 3 and %v", n, err, scan, failed)
	}
}

func TestServersThatAreRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const password = "hunter2"
	for _, tt := range []struct{ name, dsn, ca, want string }{
		{"nothing", "", "", "expected user:password@tcp(host:port)/database"},
		{"not a DSN", "mysql://u:hunter2@db/x", "", "expected user:password@"},
		{"no database", "u:hunter2@tcp(127.0.0.1:3306)/", "", "expected user:password@"},
		{"no user", "tcp(127.0.0.1:3306)/x", "", "expected user:password@"},
		{"an unknown word", "u:hunter2@tcp(127.0.0.1:3306)/x?parseTime=hunter2", "", "expected user:password@"},
		{"two statements", "u:hunter2@tcp(127.0.0.1:3306)/x?multiStatements=true", "", "multiStatements"},
		{"files", "u:hunter2@tcp(127.0.0.1:3306)/x?allowAllFiles=true", "", "allowAllFiles"},
		{"clear passwords", "u:hunter2@tcp(127.0.0.1:3306)/x?allowCleartextPasswords=true", "", "allowCleartextPasswords"},
		{"elsewhere without TLS", "u:hunter2@tcp(10.0.0.5:3306)/x", "", "no TLS"},
		{"a name that is not this machine's", "u:hunter2@tcp(localhost.example:3306)/x", "", "no TLS"},
		{"TLS with anybody", "u:hunter2@tcp(10.0.0.5:3306)/x?tls=skip-verify", "", "trust anybody"},
		{"TLS perhaps", "u:hunter2@tcp(10.0.0.5:3306)/x?tls=preferred", "", "trust anybody"},
		{"a CA file that is not there", "u:hunter2@tcp(10.0.0.5:3306)/x", filepath.Join(t.TempDir(), "no.pem"), "CA file"},
		{"a CA file without certificates", "u:hunter2@tcp(10.0.0.5:3306)/x", empty, "expected certificates in PEM"},
	} {
		s := sqldb.Server{DSN: tt.dsn, CAFile: tt.ca}
		err := s.Check()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if told := fmt.Sprintf("%v %v %+v %#v", err, s, s, s); strings.Contains(told, password) {
			t.Errorf("%s: the password is told: %s", tt.name, told)
		}
	}
	for _, dsn := range []string{
		"u:p@tcp(127.0.0.1:3306)/x", "u:p@tcp([::1]:3306)/x", "u:p@tcp(localhost:3306)/x",
		"u:p@unix(/run/mysqld/mysqld.sock)/x", "u:p@tcp(10.0.0.5:3306)/x?tls=true",
	} {
		if err := (sqldb.Server{DSN: dsn}).Check(); err != nil {
			t.Errorf("%s: got %v", dsn, err)
		}
	}
}

// One change of one row after another, each durable.
func BenchmarkChange(b *testing.B) {
	db := sqldbtest.New(b)()
	if err := db.Migrate(b.Context(), counters, "test_version"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := db.Change(b.Context(), count); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	db := sqldbtest.New(b)()
	if err := errors.Join(db.Migrate(b.Context(), counters, "test_version"), db.Change(b.Context(), count)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var n int
		if err := db.QueryRowContext(b.Context(), "SELECT n FROM counters WHERE id = ?", "x").Scan(&n); err != nil {
			b.Fatal(err)
		}
	}
}

//go:build integration

package sqldb_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/internal/sqldb"
)

// A database in which "A" equals "a" would give an id two spellings.
func TestDatabaseThatConfusesIdsIsRefused(t *testing.T) {
	server := realserver.MariaDB(t)
	for _, collation := range []string{"utf8mb4_general_ci", "utf8mb4_bin", "latin1_swedish_ci"} {
		name := server.Database()
		charset, _, _ := strings.Cut(collation, "_")
		server.Execute("ALTER DATABASE " + name + " CHARACTER SET " + charset + " COLLATE " + collation)
		db, err := sqldb.OpenServer(t.Context(), sqldb.Server{DSN: server.DSN(name)})
		if err == nil {
			_ = db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "ALTER DATABASE "+name) {
			t.Errorf("%s: got %v, want a refusal that says what to do", collation, err)
		}
	}
}

// Tables that were made before the database was mended are seen, too.
func TestTableThatConfusesIdsIsRefused(t *testing.T) {
	server := realserver.MariaDB(t)
	name := server.Database()
	server.Execute("CREATE TABLE " + name + ".old (id VARCHAR(36)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
	db, err := sqldb.OpenServer(t.Context(), sqldb.Server{DSN: server.DSN(name)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), counters, "test_version"); err == nil || !strings.Contains(err.Error(), "old.id") {
		t.Errorf("got %v, want a refusal that names old.id", err)
	}
}

func TestTextThatDoesNotFitIsAnError(t *testing.T) {
	server := realserver.MariaDB(t)
	server.Execute("SET GLOBAL sql_mode = ''")
	db, err := sqldb.OpenServer(t.Context(), sqldb.Server{DSN: server.DSN(server.Database())})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), counters, "test_version"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO counters (id, n) VALUES (?, 0)", strings.Repeat("x", 37)); err == nil {
		t.Error("37 characters were cut to 36")
	}
}

// Values stand in the statements: no byte of them ends their quotes, also on a
// server that would read statements as GBK or take a backslash for a letter.
func TestValuesTravelInTheirStatement(t *testing.T) {
	server := realserver.MariaDB(t)
	name := server.Database()
	server.Execute("CREATE TABLE "+name+".x (id INT, word VARCHAR(200), bytes VARBINARY(300), flag BOOLEAN)",
		"SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'", "SET GLOBAL init_connect = 'SET NAMES gbk'")
	t.Cleanup(func() { server.Execute("SET GLOBAL init_connect = ''") })
	db, err := sqldb.OpenServer(t.Context(), sqldb.Server{DSN: server.DSN(name) + "?charset=gbk"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	words := []string{"", "'", `\`, `\'`, `"; DROP TABLE x; -- `, "\x00\n\r\x1a", "\u7e97' OR 1=1 -- ", "\u00bf'", "%_?", "\U0001f3e5"}
	for i, word := range words {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO x (id, word, bytes, flag) VALUES (?, ?, ?, ?)", int64(i), word, every, i%2 == 0); err != nil {
			t.Fatal(err)
		}
		var got string
		var raw []byte
		var flag bool
		err := db.QueryRowContext(t.Context(), "SELECT word, bytes, flag FROM x WHERE id = ? AND word = ? AND bytes = ?", i, word, every).Scan(&got, &raw, &flag)
		if err != nil || got != word || !bytes.Equal(raw, every) || flag != (i%2 == 0) {
			t.Errorf("%q: got %q, %t, %v", word, got, flag, err)
		}
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO x (id, word, bytes, flag) VALUES (?, ?, ?, ?)", int64(-1), nil, []byte(nil), nil); err != nil {
		t.Fatal(err)
	}
	var nulls int
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM x WHERE word IS NULL AND bytes IS NULL AND flag IS NULL AND id = ?", -1).Scan(&nulls); err != nil || nulls != 1 {
		t.Errorf("nil: got %d rows of NULL, %v", nulls, err)
	}
	var variable string
	var prepared int
	if err := db.QueryRowContext(t.Context(), "SHOW GLOBAL STATUS LIKE 'Com_stmt_prepare'").Scan(&variable, &prepared); err != nil || prepared != 0 {
		t.Errorf("got %d statements that were prepared first, %v", prepared, err)
	}
}

func TestReadOnlySessionsChangeNothing(t *testing.T) {
	server := realserver.MariaDB(t)
	name := server.Database()
	server.Execute("CREATE TABLE "+name+".x (id VARCHAR(36))", "INSERT INTO "+name+".x VALUES ('a')")
	db, err := sqldb.OpenServer(t.Context(), sqldb.Server{DSN: server.DSN(name), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "DELETE FROM x"); err == nil {
		t.Error("a read-only session deleted rows")
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM x").Scan(&n); err != nil || n != 1 {
		t.Errorf("got %d rows, %v, want 1", n, err)
	}
}

func TestTLS(t *testing.T) {
	server := realserver.MariaDB(t)
	if server.CAFile == "" {
		t.Skip("NOT RUN: no MariaDB whose certificate is known: WARDGATE_TEST_MARIADB names somebody's own")
	}
	dsn := server.DSN(server.Database())
	db, err := sqldb.OpenServer(t.Context(), sqldb.Server{DSN: dsn, CAFile: server.CAFile})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var name, cipher string
	if err := db.QueryRowContext(context.Background(), "SHOW STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher); err != nil || cipher == "" {
		t.Errorf("got cipher %q, %v, want TLS", cipher, err)
	}
	other, err := sqldb.OpenServer(t.Context(), sqldb.Server{DSN: dsn + "?tls=true"})
	if err == nil {
		_ = other.Close()
		t.Error("a certificate that the machine does not trust was taken")
	}
}

// What was pooled when the server went is not what later statements fail by.
func TestRecoversByItself(t *testing.T) {
	server := realserver.MariaDB(t)
	db, err := sqldb.OpenServer(t.Context(), sqldb.Server{DSN: server.DSN(server.Database())})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), counters, "test_version"); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := db.Change(t.Context(), count); err == nil {
		t.Error("a change was made without a server")
	}
	server.Start()
	if err := db.Change(t.Context(), count); err != nil {
		t.Errorf("after the server came back: %v", err)
	}
}

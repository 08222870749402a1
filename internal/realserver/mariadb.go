package realserver

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// A MariaDBServer is the MariaDB (or MySQL) that all tests of a binary share.
// Each takes databases of its own.
type MariaDBServer struct {
	Address string // host:port
	CAFile  string // who vouches for its certificate; "" when it is not a private one

	t       testing.TB
	account *mysql.Config
	private *mariadb
}

// mariadb is the one private server.
type mariadb struct {
	program string
	args    []string
	room    *room
	address string
	secret  string
	cert    certificate

	mu sync.Mutex
	p  *process
}

// sharedMariaDB is made once for a test binary: to make one for each test takes
// a second, and there are hundreds. It is this package's only kind of state.
var sharedMariaDB = sync.OnceValues(newMariaDB)

var errNotInstalled = errors.New("not installed")

// MariaDB starts the shared server, or uses WARDGATE_TEST_MARIADB.
func MariaDB(t testing.TB) *MariaDBServer {
	t.Helper()
	if dsn := os.Getenv("WARDGATE_TEST_MARIADB"); dsn != "" {
		account, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal("WARDGATE_TEST_MARIADB: expected user:password@tcp(host:port)/")
		}
		return &MariaDBServer{t: t, Address: account.Addr, account: account}
	}
	private, err := sharedMariaDB()
	if errors.Is(err, errNotInstalled) {
		notRun(t, "no MariaDB: mariadbd is not installed and WARDGATE_TEST_MARIADB is not set")
	}
	if err != nil {
		t.Fatal(err)
	}
	account := mysql.NewConfig()
	account.User, account.Passwd, account.Net, account.Addr = "wardgate", private.secret, "tcp", private.address
	m := &MariaDBServer{t: t, Address: private.address, CAFile: private.cert.cert, account: account, private: private}
	m.Start()
	t.Cleanup(m.Start) // a test that stopped it leaves it to the others as it found it
	return m
}

// DSN is how database is reached, in the driver's words.
func (m *MariaDBServer) DSN(database string) string { return m.DSNVia(m.Address, database) }

// DSNVia is the same through another address, such as that of a proxy.
func (m *MariaDBServer) DSNVia(address, database string) string {
	c := m.account.Clone()
	c.Addr, c.DBName = address, database
	return c.FormatDSN()
}

// Database makes an empty database for this test, which compares byte for byte,
// and returns its name.
func (m *MariaDBServer) Database() string {
	m.t.Helper()
	name := "wardgate_" + strings.ToLower(rand.Text())
	m.Execute("CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE " + m.collation())
	m.t.Cleanup(func() {
		m.Start()
		m.Execute("DROP DATABASE " + name)
	})
	return name
}

// collation is the server's name for comparing bytes, trailing blanks included.
func (m *MariaDBServer) collation() string {
	m.t.Helper()
	var version string
	if err := m.Query("SELECT @@version", &version); err != nil {
		m.t.Fatalf("mariadb: %v", err)
	}
	if strings.Contains(version, "MariaDB") {
		return "utf8mb4_nopad_bin"
	}
	return "utf8mb4_0900_bin"
}

// Execute runs statements as the server's administrator.
func (m *MariaDBServer) Execute(statements ...string) {
	m.t.Helper()
	db, err := sql.Open("mysql", m.DSN(""))
	if err != nil {
		m.t.Fatal(err)
	}
	defer db.Close()
	for _, one := range statements {
		if _, err := db.ExecContext(context.Background(), one); err != nil {
			m.t.Fatalf("mariadb: %v", err)
		}
	}
}

// Query scans the one row of a query, as the server's administrator.
func (m *MariaDBServer) Query(query string, into ...any) error {
	db, err := sql.Open("mysql", m.DSN(""))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.QueryRowContext(context.Background(), query).Scan(into...)
}

// Stop ends the server. What was committed is still there after Start.
func (m *MariaDBServer) Stop() {
	m.t.Helper()
	if m.private == nil {
		notRun(m.t, "no MariaDB that may be stopped: WARDGATE_TEST_MARIADB names somebody's own")
	}
	if err := m.private.stop(); err != nil {
		m.t.Fatal(err)
	}
}

// Start starts the server again, at the same address. It does nothing to one
// that runs, or that is not a private one.
func (m *MariaDBServer) Start() {
	m.t.Helper()
	if m.private == nil {
		return
	}
	if err := m.private.start(); err != nil {
		m.t.Fatal(err)
	}
}

func newMariaDB() (*mariadb, error) {
	server, found := program("mariadbd", "mysqld")
	install, complete := program("mariadb-install-db", "mysql_install_db")
	if !found || !complete {
		return nil, errNotInstalled
	}
	room, err := newRoom("mariadb")
	if err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("mariadb: %w", err)
	}
	m := &mariadb{program: server, room: room, secret: rand.Text()}
	if m.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if m.cert, err = newCertificate(room.dir); err != nil {
		return nil, err
	}
	data, first := room.path("data"), room.path("first.sql")
	// A folder of its own for temporary tables too: a server that starts removes
	// what it finds in the folder, and so the tables of others that use it.
	tables := room.path("tmp")
	if err := os.Mkdir(tables, 0o700); err != nil {
		return nil, fmt.Errorf("mariadb: %w", err)
	}
	out, err := exec.Command(install, "--no-defaults", "--user="+me.Username, "--datadir="+data, "--tmpdir="+tables,
		"--auth-root-authentication-method=normal", "--skip-test-db").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("make mariadb's folder: %w\n%s", err, out)
	}
	grants := "CREATE USER IF NOT EXISTS 'wardgate'@'127.0.0.1' IDENTIFIED BY '" + m.secret + "';\n" +
		"GRANT ALL ON *.* TO 'wardgate'@'127.0.0.1' WITH GRANT OPTION;\n" // one statement a line
	if err := os.WriteFile(first, []byte(grants), 0o600); err != nil {
		return nil, fmt.Errorf("mariadb: %w", err)
	}
	m.args = []string{"--no-defaults", "--user=" + me.Username, "--datadir=" + data, "--tmpdir=" + tables, "--init-file=" + first,
		"--bind-address=127.0.0.1", "--port=" + port(m.address), "--socket=" + room.path("s"),
		"--pid-file=" + room.path("pid"), "--skip-name-resolve", "--skip-log-bin", "--max-connections=500",
		"--ssl-cert=" + m.cert.cert, "--ssl-key=" + m.cert.key, "--ssl-ca=" + m.cert.cert}
	return m, nil
}

func (m *mariadb) start() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.p.running() {
		return nil
	}
	var err error
	m.p, err = launch("mariadb", exec.Command(m.program, m.args...), m.room.path("log"), syscall.SIGKILL, nil)
	if err != nil {
		return err
	}
	return m.p.await(m.ping)
}

func (m *mariadb) stop() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.p.stop()
}

func (m *mariadb) ping(ctx context.Context) error {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr = "wardgate", m.secret, "tcp", m.address
	c.Logger = &mysql.NopLogger{} // it does not answer yet, which is no news
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	return db.PingContext(ctx)
}

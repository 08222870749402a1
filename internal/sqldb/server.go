package sqldb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"
)

const (
	// serverConnections bounds what one store of one process takes of a server.
	serverConnections = 16
	// connectionLife has connections move after a fail-over.
	connectionLife = 5 * time.Minute

	// A server that does not answer is gone. Locks are given up earlier, so
	// that a slow neighbour is not taken for an outage.
	dialTime  = 2 * time.Second
	replyTime = 5 * time.Second
	lockTime  = 3 // seconds
	// schemaTime is how long another process may take to migrate.
	schemaTime = 60 // seconds
)

// A Server is a MySQL or MariaDB to connect to.
type Server struct {
	DSN      string // user:password@tcp(host:port)/database
	CAFile   string // CAs trusted for the server; "" for the system's, when the DSN says tls=true
	ReadOnly bool   // sessions cannot change anything
}

// String keeps the password out of logs.
func (Server) String() string { return "redacted" }

// GoString is String, for %#v.
func (s Server) GoString() string { return s.String() }

// Check reports why the server cannot be connected to as described. The error
// never quotes the DSN.
func (s Server) Check() error {
	_, err := s.config()
	return err
}

// HasPassword reports whether the DSN holds a password. One that is not
// understood is taken to.
func (s Server) HasPassword() bool {
	c, err := mysql.ParseDSN(s.DSN)
	return s.DSN != "" && (err != nil || c.Passwd != "")
}

// Local reports whether the server is on this machine.
func (s Server) Local() bool {
	c, err := mysql.ParseDSN(s.DSN)
	return err == nil && local(c)
}

// config is the driver's configuration. Whatever could have a statement read
// files, run twice or travel in the clear is refused, not overridden: who wrote
// it meant something by it.
func (s Server) config() (*mysql.Config, error) {
	c, err := mysql.ParseDSN(s.DSN)
	if err != nil || c.DBName == "" || c.User == "" {
		return nil, errors.New("expected user:password@tcp(host:port)/database")
	}
	switch {
	case c.MultiStatements, c.AllowAllFiles, c.AllowOldPasswords, c.AllowCleartextPasswords:
		return nil, errors.New("multiStatements, allowAllFiles, allowOldPasswords and allowCleartextPasswords are refused; leave them out")
	case c.AllowFallbackToPlaintext, slices.Contains([]string{"preferred", "skip-verify"}, c.TLSConfig):
		return nil, errors.New("tls=preferred and tls=skip-verify trust anybody; write tls=true, or name the authority in a CA file")
	case c.TLSConfig == "" && s.CAFile == "" && !local(c):
		return nil, errors.New("the server is on another machine and has no TLS; write tls=true, or name the authority in a CA file")
	}
	if s.CAFile != "" {
		if c.TLS, err = trusting(s.CAFile, c.Addr); err != nil {
			return nil, err
		}
	}
	c.ClientFoundRows = true // a conditional update counts the rows that it found
	c.RejectReadOnly = true  // after a fail-over, not to be stuck with the old primary
	// The driver writes values into the statement, which then takes one way to the
	// server and back instead of two. It escapes them by the mode that the server
	// reports, bytes as _binary and nil as NULL, and prepares what it cannot write.
	// That is safe in an encoding none of whose characters holds the byte of a quote
	// or a backslash within it: in UTF-8, which session.Connect sees to.
	c.InterpolateParams = true
	c.Collation = ""
	c.Logger = &mysql.NopLogger{} // what it would log, it also returns
	if c.Timeout == 0 {
		c.Timeout = dialTime
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = replyTime
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = replyTime
	}
	return c, nil
}

// local reports whether what is sent stays on this machine.
func local(c *mysql.Config) bool {
	if c.Net == "unix" {
		return true
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func trusting(file, address string) (*tls.Config, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("CA file %s: expected certificates in PEM", file)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	return &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12}, nil
}

// OpenServer connects to a server, and refuses a database in which ids would
// not compare byte for byte. The caller closes the database.
func OpenServer(ctx context.Context, s Server) (*DB, error) {
	c, err := s.config()
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db, err := pool(c, s.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := checkDatabase(ctx, db); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", discreet(err)), db.Close())
	}
	return &DB{DB: db, server: c, name: c.DBName}, nil
}

func pool(c *mysql.Config, readOnly bool) (*sql.DB, error) {
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, errors.New("the DSN is not understood") // the driver's words quote it
	}
	db := sql.OpenDB(session{Connector: connector, readOnly: readOnly})
	db.SetMaxOpenConns(serverConnections)
	db.SetMaxIdleConns(serverConnections)
	db.SetConnMaxLifetime(connectionLife)
	return db, nil
}

// A session is a connection that is set as the stores expect, whatever the
// server's defaults are.
type session struct {
	driver.Connector
	readOnly bool
}

// Connect returns a connection in which a statement sees what is committed when
// it begins (so that a conditional update does not compare with the past), text
// that does not fit is an error, and a lock is not waited for forever. It reads
// statements as UTF-8 with backslashes that escape, whatever the server, its
// init_connect or the DSN would have set: values stand in them.
func (s session) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.Connector.Connect(ctx)
	if errors.Is(err, driver.ErrBadConn) {
		// Not in these words, at which the pool would connect twice more: who
		// waits for an answer has waited long enough.
		return nil, errors.New("the database server does not answer")
	}
	if err != nil {
		return nil, err
	}
	settings := []string{
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
		fmt.Sprintf("SET SESSION sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = %d, "+
			"character_set_client = utf8mb4, character_set_results = utf8mb4, collation_connection = utf8mb4_general_ci", lockTime),
	}
	if s.readOnly {
		settings = append(settings, "SET SESSION TRANSACTION READ ONLY")
	}
	on, can := conn.(driver.ExecerContext)
	if !can {
		return nil, errors.Join(errors.New("the driver cannot set up a session"), conn.Close())
	}
	for _, one := range settings {
		if _, err := on.ExecContext(ctx, one, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("set up session: %w", err), conn.Close())
		}
	}
	return conn, nil
}

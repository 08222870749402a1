package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/wardgate/wardgate/internal/sqldb"
)

// A Database is where one store keeps its tables: a MySQL or MariaDB server,
// or with neither DSN nor file SQLite in the data folder.
type Database struct {
	DSN     string `koanf:"dsn"`      // user:password@tcp(host:port)/database
	DSNFile string `koanf:"dsn_file"` // a file with the DSN that only its owner can read
	CAFile  string `koanf:"ca_file"`  // who vouches for the server; "" for whom the machine trusts
	File    string `koanf:"file"`     // SQLite elsewhere on this machine, which several processes may share
}

func (d *Database) isServer() bool { return d.DSN != "" || d.DSNFile != "" }

// server is what the keys name, its secret read.
func (d *Database) server() (sqldb.Server, error) {
	s := sqldb.Server{DSN: d.DSN, CAFile: d.CAFile}
	if d.DSNFile != "" {
		var err error
		if s.DSN, err = readSecret(d.DSNFile); err != nil {
			return sqldb.Server{}, fmt.Errorf("dsn_file: %w", err)
		}
	}
	if err := s.Check(); err != nil {
		return sqldb.Server{}, fmt.Errorf("dsn: %w", err)
	}
	return s, nil
}

// A named database is one of the configuration, with its key.
type namedDatabase struct {
	key  string
	file string // in the data folder, while no server is named
	*Database
}

func (c *Config) databases() []namedDatabase {
	return []namedDatabase{
		{"stores.identity", "identity.db", &c.Stores.Identity},
		{"stores.sessions", "sessions.db", &c.Stores.Sessions},
		{"stores.records", "records.db", &c.Stores.Records},
		{"stores.care", "", &c.Stores.Care},
	}
}

// checkStores reports every database that could not be connected to as named.
func (c *Config) checkStores(fault func(format string, args ...any)) {
	for _, d := range c.databases() {
		switch {
		case d.isServer() && d.File != "":
			fault("%s: file and a server are both set; leave one out", d.key)
		case d.DSN != "" && d.DSNFile != "":
			fault("%s: dsn and dsn_file are both set; leave one out", d.key)
		case !d.isServer() && d.CAFile != "":
			fault("%s.ca_file: it is set without dsn or dsn_file", d.key)
		case !d.isServer():
		default:
			s, err := d.server()
			if err != nil {
				fault("%s.%w", d.key, err)
			} else if c.Demo && !s.Local() {
				fault("%s: the demo's hospital is invented; its databases are on this machine", d.key)
			}
		}
	}
	if c.Stores.Care.isServer() && !c.Stores.Records.isServer() {
		fault("stores.care: care relationships are read from the records' database, and stores.records names no server")
	}
}

// secretInFile reports whether a value of the configuration file is a secret,
// which stands in a file of its own or in the environment.
func secretInFile(key string, value any) bool {
	dsn, isText := value.(string)
	return isText && strings.HasPrefix(key, "stores.") && strings.HasSuffix(key, ".dsn") && sqldb.Server{DSN: dsn}.HasPassword()
}

// openDatabase connects to the server of a store, or opens its file.
func (c *Config) openDatabase(ctx context.Context, d namedDatabase) (*sqldb.DB, error) {
	file := filepath.Join(c.Data, d.file)
	if !d.isServer() {
		return sqldb.OpenFile(c.sqliteOf(d))
	}
	// What the file holds would be forgotten: accounts, and who was cut off.
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s names a server, but %s is there; move its tables to the server and the file away, or leave the server out", d.key, file)
	}
	s, err := d.server()
	if err != nil {
		return nil, fmt.Errorf("%s.%w", d.key, err)
	}
	db, err := sqldb.OpenServer(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.key, err)
	}
	return db, nil
}

// sqliteOf is the file of a store that is on no server.
func (c *Config) sqliteOf(d namedDatabase) string {
	if d.File != "" {
		return d.File
	}
	return filepath.Join(c.Data, d.file)
}

// openExisting is openDatabase for tables that another process makes: a file
// that is not there yet is not made, and every question until then an error.
func (c *Config) openExisting(ctx context.Context, d namedDatabase) (*sqldb.DB, error) {
	if d.isServer() {
		return c.openDatabase(ctx, d)
	}
	return sqldb.OpenExisting(c.sqliteOf(d))
}

// openCare opens the records' database a second time, to read from it alone:
// as the account of stores.care, whom the hospital grants two views, or else as
// the records' own in sessions that can change nothing.
func (c *Config) openCare(ctx context.Context) (*sqldb.DB, error) {
	named := c.named("stores.care")
	if !named.isServer() {
		named = c.named("stores.records")
	}
	if !named.isServer() {
		return sqldb.ReadFile(c.sqliteOf(named))
	}
	s, err := named.server()
	if err != nil {
		return nil, fmt.Errorf("%s.%w", named.key, err)
	}
	s.ReadOnly = true
	return sqldb.OpenServer(ctx, s)
}

// named finds a database of the configuration by its key.
func (c *Config) named(key string) namedDatabase {
	for _, d := range c.databases() {
		if d.key == key {
			return d
		}
	}
	return namedDatabase{key: key, Database: &Database{}}
}

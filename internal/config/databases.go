package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/wardgate/wardgate/internal/sqldb"
)

// A Database is where one store keeps its tables: a MySQL or MariaDB server,
// or with neither DSN nor file SQLite in the data folder.
type Database struct {
	DSN     string `koanf:"dsn"`      // user:password@tcp(host:port)/database
	DSNFile string `koanf:"dsn_file"` // a file with the DSN that only its owner can read
	CAFile  string `koanf:"ca_file"`  // CAs trusted for the server; "" for the system's
	File    string `koanf:"file"`     // SQLite elsewhere on this machine, which several processes may share
}

// IsServer reports whether a server is named, and no file.
func (d *Database) IsServer() bool { return d.DSN != "" || d.DSNFile != "" }

// Server is what the keys name, its secret read.
func (d *Database) Server() (sqldb.Server, error) {
	s := sqldb.Server{DSN: d.DSN, CAFile: d.CAFile}
	if d.DSNFile != "" {
		var err error
		if s.DSN, err = ReadSecret(d.DSNFile); err != nil {
			return sqldb.Server{}, fmt.Errorf("dsn_file: %w", err)
		}
	}
	if err := s.Check(); err != nil {
		return sqldb.Server{}, fmt.Errorf("dsn: %w", err)
	}
	return s, nil
}

// A Store is one of the databases that the configuration names.
type Store struct {
	Key string // such as stores.identity
	Own string // its file in the data folder, while neither a server nor a file is named
	*Database
}

// Databases are all of them.
func (c *Config) Databases() []Store {
	return []Store{
		{"stores.identity", "identity.db", &c.Stores.Identity},
		{"stores.sessions", "sessions.db", &c.Stores.Sessions},
		{"stores.records", "records.db", &c.Stores.Records},
		{"stores.care", "", &c.Stores.Care},
	}
}

// checkStores reports every database that could not be connected to as named.
func (c *Config) checkStores(fault func(format string, args ...any)) {
	for _, d := range c.Databases() {
		switch {
		case d.IsServer() && d.File != "":
			fault("%s: file and a server are both set; leave one out", d.Key)
		case d.DSN != "" && d.DSNFile != "":
			fault("%s: dsn and dsn_file are both set; leave one out", d.Key)
		case !d.IsServer() && d.CAFile != "":
			fault("%s.ca_file: it is set without dsn or dsn_file", d.Key)
		case !d.IsServer():
		default:
			s, err := d.Server()
			if err != nil {
				fault("%s.%w", d.Key, err)
			} else if c.Demo && !s.Local() {
				fault("%s: the demo's hospital is invented; its databases are on this machine", d.Key)
			}
		}
	}
	if c.Stores.Care.IsServer() && !c.Stores.Records.IsServer() {
		fault("stores.care: care relationships are read from the records' database, and stores.records names no server")
	}
}

// secretInFile reports whether a value of the configuration file is a secret,
// which stands in a file of its own or in the environment.
func secretInFile(key string, value any) bool {
	dsn, isText := value.(string)
	return isText && strings.HasPrefix(key, "stores.") && strings.HasSuffix(key, ".dsn") && sqldb.Server{DSN: dsn}.HasPassword()
}

// SQLite is the file of a store that is on no server.
func (c *Config) SQLite(d Store) string {
	if d.File != "" {
		return d.File
	}
	return filepath.Join(c.Data, d.Own)
}

// Store finds a database of the configuration by its key.
func (c *Config) Store(key string) Store {
	for _, d := range c.Databases() {
		if d.Key == key {
			return d
		}
	}
	return Store{Key: key, Database: &Database{}}
}

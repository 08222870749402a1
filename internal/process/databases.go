package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/sqldb"
)

// openDatabase connects to the server of a store, or opens its file.
func openDatabase(ctx context.Context, c *config.Config, d config.Store) (*sqldb.DB, error) {
	file := filepath.Join(c.Data, d.Own)
	if !d.IsServer() {
		return sqldb.OpenFile(c.SQLite(d))
	}
	// What the file holds would be forgotten: accounts, and who was cut off.
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s names a server, but %s is there; move its tables to the server and the file away, or leave the server out", d.Key, file)
	}
	s, err := d.Server()
	if err != nil {
		return nil, fmt.Errorf("%s.%w", d.Key, err)
	}
	db, err := sqldb.OpenServer(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Key, err)
	}
	return db, nil
}

// openExisting is openDatabase for tables that another process makes: a file
// that is not there yet is not made, and every question until then an error.
func openExisting(ctx context.Context, c *config.Config, d config.Store) (*sqldb.DB, error) {
	if d.IsServer() {
		return openDatabase(ctx, c, d)
	}
	return sqldb.OpenExisting(c.SQLite(d))
}

// openCare opens the records' database a second time, to read from it alone:
// as the account of stores.care, which the hospital grants two views, or else as
// the records' own in sessions that can change nothing.
func openCare(ctx context.Context, c *config.Config) (*sqldb.DB, error) {
	return openToRead(ctx, c, careStore(c))
}

func careStore(c *config.Config) config.Store {
	if named := c.Store("stores.care"); named.IsServer() {
		return named
	}
	return c.Store("stores.records")
}

// openToRead opens a database in sessions that can change nothing.
func openToRead(ctx context.Context, c *config.Config, named config.Store) (*sqldb.DB, error) {
	if !named.IsServer() {
		return sqldb.ReadFile(c.SQLite(named))
	}
	s, err := named.Server()
	if err != nil {
		return nil, fmt.Errorf("%s.%w", named.Key, err)
	}
	s.ReadOnly = true
	db, err := sqldb.OpenServer(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", named.Key, err)
	}
	return db, nil
}

// ReadAccounts opens the accounts of a configured server, which may be running, to read
// from them alone. The caller closes the database.
func ReadAccounts(ctx context.Context, c *config.Config) (*sqldb.DB, error) {
	return readExisting(ctx, c, c.Store("stores.identity"))
}

// ReadCare opens who treats which patient, in the same way.
func ReadCare(ctx context.Context, c *config.Config) (*sqldb.DB, error) {
	return readExisting(ctx, c, careStore(c))
}

// ReadSessions opens sessions and bans, in the same way.
func ReadSessions(ctx context.Context, c *config.Config) (*sqldb.DB, error) {
	return readExisting(ctx, c, c.Store("stores.sessions"))
}

func readExisting(ctx context.Context, c *config.Config, named config.Store) (*sqldb.DB, error) {
	if !named.IsServer() {
		if _, err := os.Stat(c.SQLite(named)); err != nil {
			return nil, fmt.Errorf("%s: people are read from the files identity.db and records.db, and bans from sessions.db, of a data folder, or from where a configuration (--config) says: %w", named.Key, err)
		}
	}
	return openToRead(ctx, c, named)
}

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
// as the account of stores.care, whom the hospital grants two views, or else as
// the records' own in sessions that can change nothing.
func openCare(ctx context.Context, c *config.Config) (*sqldb.DB, error) {
	named := c.Store("stores.care")
	if !named.IsServer() {
		named = c.Store("stores.records")
	}
	if !named.IsServer() {
		return sqldb.ReadFile(c.SQLite(named))
	}
	s, err := named.Server()
	if err != nil {
		return nil, fmt.Errorf("%s.%w", named.Key, err)
	}
	s.ReadOnly = true
	return sqldb.OpenServer(ctx, s)
}

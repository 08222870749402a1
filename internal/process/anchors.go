package process

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/folderanchor"
	"github.com/wardgate/wardgate/pip/audit/sqlanchor"
)

// Anchors are where the heads of journals are kept: the sessions' database, that of the
// accounts where it is another, and with anchors.folder a folder outside of journal and
// databases. What is put back to an earlier state without all of them is noticed.
type Anchors struct {
	anchor.Anchor
	folder *folderanchor.Folder // nil without anchors.folder
	tables []*sqlanchor.Store
}

// Close closes the databases.
func (a *Anchors) Close() error {
	var faults []error
	for _, t := range a.tables {
		faults = append(faults, t.Close())
	}
	return errors.Join(faults...)
}

// OpenAnchors opens them. The caller closes them.
func OpenAnchors(ctx context.Context, c *config.Config) (*Anchors, error) {
	a := &Anchors{}
	if err := a.open(ctx, c); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *Anchors) open(ctx context.Context, c *config.Config) error {
	sessions, accounts := c.Store("stores.sessions"), c.Store("stores.identity")
	first, err := a.table(ctx, c, sessions)
	if err != nil {
		return err
	}
	a.Anchor = first
	if apart(c, sessions, accounts) {
		second, err := a.table(ctx, c, accounts)
		if err != nil {
			return err
		}
		a.Anchor = anchor.Both{a.Anchor, second}
	}
	if c.Anchors.Folder == "" {
		return nil
	}
	if a.folder, err = folderanchor.Open(c.Anchors.Folder); err != nil {
		return fmt.Errorf("anchors.folder: %w", err)
	}
	a.Anchor = anchor.Both{a.Anchor, a.folder}
	return nil
}

func (a *Anchors) table(ctx context.Context, c *config.Config, d config.Store) (*sqlanchor.Store, error) {
	db, err := openDatabase(ctx, c, d)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	t, err := sqlanchor.New(ctx, db)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("journal: %w", err), db.Close())
	}
	a.tables = append(a.tables, t)
	return t, nil
}

// apart reports whether accounts are kept here, in another database than sessions. A
// file that is not there yet is not made: the first start has nothing to prove.
func apart(c *config.Config, sessions, accounts config.Store) bool {
	if !c.Runs(config.RoleIdentity) {
		return false
	}
	if accounts.IsServer() || sessions.IsServer() {
		return accounts.IsServer() && *accounts.Database != *sessions.Database
	}
	file := c.SQLite(accounts)
	_, err := os.Stat(file)
	return err == nil && file != c.SQLite(sessions)
}

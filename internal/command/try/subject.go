package try

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/care/sqlcare"
	accounts "github.com/wardgate/wardgate/pip/identity/sqlstore"
)

// A subject is who asks: a caller without a session, any account of a role, or one account.
type subject struct {
	role    string
	row     pip.Role
	account *accounts.Link // nil for any account of the role

	banned   bool
	owes     bool         // a fresh factor, whatever the right is
	banKnown bool         // sessions.db was there, which knows of both
	care     *care.Source // of an account; nil where relationships are assumed
	opened   []io.Closer
}

func (w *subject) close() error {
	var faults []error
	for _, db := range w.opened {
		faults = append(faults, db.Close())
	}
	return errors.Join(faults...)
}

// anonymous: there is no session.
func (w *subject) anonymous() bool { return w.role == "" && w.account == nil }

// id is the account's, or one that no account has.
func (w *subject) id() string {
	switch {
	case w.anonymous():
		return ""
	case w.account != nil:
		return w.account.ID
	default:
		return "somebody"
	}
}

// subject finds out who is meant by --as.
func (c *Command) subject(ctx context.Context, server *config.Config, book *analysis.Book) (*subject, error) {
	roles := book.House().Roles
	kind, name, chosen := strings.Cut(c.As, ":")
	if !chosen || kind != "role" && kind != "account" {
		kind, name = "", c.As
	}
	_, isRole := roles[name]
	switch {
	case c.As == "":
		return &subject{}, nil
	case kind != "account" && isRole:
		if kind == "" && c.stored() {
			// Stores that cannot be read have nothing to do with a role.
			if w, err := c.account(ctx, server, name); err == nil && w != nil {
				return nil, errors.Join(fmt.Errorf("--as: %s is a role and the user name of an account: expected role:%s or account:%s", name, name, name), w.close())
			}
		}
		return &subject{role: name, row: roles[name]}, nil
	case kind == "role":
		return nil, fmt.Errorf("--as: the rule book has no role %q%s", name, tables.Near(name, roles.Names()))
	case !c.stored():
		return nil, fmt.Errorf("--as: the rule book has no role %q%s; for an account, --data or --config says where accounts are", name, tables.Near(name, roles.Names()))
	}
	w, err := c.account(ctx, server, name)
	if err != nil {
		return nil, err
	}
	if w == nil {
		return nil, fmt.Errorf("--as: no account has the user name or id %q, and the rule book has no such role%s", name, tables.Near(name, roles.Names()))
	}
	w.row = roles[w.role]
	now, _, err := c.at()
	if err == nil {
		err = w.facts(ctx, server, now)
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// account reads one account; nil for none of that name.
func (c *Command) account(ctx context.Context, server *config.Config, name string) (*subject, error) {
	db, err := process.ReadAccounts(ctx, server)
	if err != nil {
		return nil, err
	}
	link, found, err := accounts.ReadLink(ctx, db, name)
	if err != nil || !found {
		return nil, errors.Join(err, db.Close())
	}
	return &subject{role: link.Role, account: &link, opened: []io.Closer{db}}, nil
}

// facts are what else the stores know of an account at a time.
func (w *subject) facts(ctx context.Context, server *config.Config, now time.Time) error {
	relations, err := process.ReadCare(ctx, server)
	if err != nil {
		return err
	}
	w.opened = append(w.opened, relations)
	w.care = care.New(sqlcare.New(relations.DB))
	sessions, err := process.ReadSessions(ctx, server)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	w.opened = append(w.opened, sessions)
	bans, err := sqlstore.ReadBans(ctx, sessions, now)
	w.banKnown = err == nil
	for _, b := range bans {
		w.banned = w.banned || b.Account == w.account.ID
		w.owes = w.owes || b.Account == pip.OwesStepUp(w.account.ID)
	}
	return err
}

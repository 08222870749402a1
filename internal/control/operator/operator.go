// Package operator carries out what operators command through the control
// socket: on accounts, machines, keys, bans and rule books.
package operator

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/password"
)

// Name stands in the journal for everybody who commands through the socket.
const Name = "operator"

const page = 200

// An Operator does what commands ask of this process. The policy administrator
// carries it out.
type Operator struct {
	admin    *admin.Admin
	accounts *identity.Accounts
	roles    func() pip.Roles
	journal  pip.Journal
	bundles  *delivery.Follower
	rotate   func(ctx context.Context) error
}

var _ control.Operator = (*Operator)(nil)

// Config is what not every process has.
type Config struct {
	Bundles          *delivery.Follower              // nil where no bundles are delivered
	RotateStatements func(ctx context.Context) error // nil where no statements are signed
}

// New returns an Operator, or an error that says what is missing.
func New(a *admin.Admin, accounts *identity.Accounts, roles func() pip.Roles, journal pip.Journal, c Config) (*Operator, error) {
	switch {
	case a == nil:
		return nil, errors.New("operator: the policy administrator is missing")
	case accounts == nil:
		return nil, errors.New("operator: the accounts are missing")
	case roles == nil:
		return nil, errors.New("operator: the roles of the rule book are missing")
	case journal == nil:
		return nil, errors.New("operator: the journal is missing")
	}
	return &Operator{admin: a, accounts: accounts, roles: roles, journal: journal, bundles: c.Bundles, rotate: c.RotateStatements}, nil
}

// Users lists accounts.
func (o *Operator) Users(ctx context.Context, after string, limit int) (control.Page, error) {
	users, next, err := o.admin.Users(ctx, after, min(max(limit, 1), page))
	if err != nil {
		return control.Page{}, err
	}
	list := control.Page{Items: make([]control.User, 0, len(users)), Next: next}
	for i := range users {
		list.Items = append(list.Items, shown(&users[i]))
	}
	return list, nil
}

func shown(u *admin.User) control.User {
	v := control.User{
		ID: u.ID, Username: u.Username, Role: u.Role, Standing: string(u.Standing),
		Staff: u.Staff, Patient: u.Patient, Department: u.Department, BanReason: u.BanReason,
	}
	if !u.BannedUntil.IsZero() {
		v.BannedUntil = &u.BannedUntil
	}
	return v
}

// Add makes an account that may log in at once. It is journalled first.
func (o *Operator) Add(ctx context.Context, n control.NewUser) (control.User, error) {
	if roles := o.roles(); roles[n.Role].Kind == "" {
		return control.User{}, fmt.Errorf("the role is none of %s", strings.Join(roles.Names(), ", "))
	}
	if faults := identity.CheckCredentials(&n.Username, &n.Email, n.Password); len(faults) > 0 {
		return control.User{}, told(faults)
	}
	if n.Staff != "" {
		department, err := o.admin.StaffOf(ctx, n.Role, n.Staff, n.Department)
		if err != nil {
			return control.User{}, inWords(err)
		}
		n.Department = department
	}
	hash, err := password.Hash(n.Password)
	if err != nil {
		return control.User{}, err
	}
	err = o.journal.Append(ctx, pip.Event{
		Kind: pip.KindAccount, Time: time.Now(), Action: "user.add", Subject: Name, Outcome: "success", Allow: true, Role: n.Role,
	})
	if err != nil {
		return control.User{}, fmt.Errorf("journal: %w", err)
	}
	p, err := o.accounts.Add(ctx, identity.NewAccount{
		Username: n.Username, Email: n.Email, PasswordHash: hash, Role: n.Role, Standing: pip.AccountActive,
		Staff: n.Staff, Department: n.Department, Patient: n.Patient,
	})
	if err != nil {
		return control.User{}, err
	}
	return shown(&admin.User{Profile: p}), nil
}

// told says every fault in one line: "password: expected …".
func told(faults []problem.Field) error {
	lines := make([]string, 0, len(faults))
	for _, f := range faults {
		lines = append(lines, strings.TrimPrefix(f.Location, "body.")+": "+f.Message)
	}
	return errors.New(strings.Join(lines, "; "))
}

// Approve makes a pending account active.
func (o *Operator) Approve(ctx context.Context, user string, l control.Link) error {
	return o.on(ctx, user, func(id string) error { return o.admin.Approve(ctx, admin.Client{}, Name, id, l.Staff, l.Department) })
}

// Unban lifts a ban.
func (o *Operator) Unban(ctx context.Context, user string) error {
	id, err := o.resolve(ctx, user)
	if err != nil {
		return err
	}
	return o.admin.Unban(ctx, admin.Client{}, Name, id)
}

// machineDomain is where no mail ever goes (RFC 2606).
const machineDomain = "@machine.invalid"

// AddMachine makes an account without a known password, and gives it a key.
func (o *Operator) AddMachine(ctx context.Context, name string) (control.Machine, error) {
	id, err := o.resolve(ctx, name)
	if errors.Is(err, errNoUser) {
		var added control.User
		machines := o.roles().Of(pip.RoleMachine)
		if len(machines) != 1 {
			return control.Machine{}, fmt.Errorf("the rule book has %d roles of kind machine: add the account by user add --role, and then its key", len(machines))
		}
		added, err = o.Add(ctx, control.NewUser{Username: name, Email: name + machineDomain, Password: rand.Text(), Role: machines[0]})
		id = added.ID
	}
	if err != nil {
		return control.Machine{}, err
	}
	key, err := o.admin.NewMachineKey(ctx, admin.Client{}, Name, id)
	return control.Machine{ID: id, Key: key}, err
}

// DropMachine takes all keys of a machine away.
func (o *Operator) DropMachine(ctx context.Context, name string) error {
	id, err := o.resolve(ctx, name)
	if err != nil {
		return err
	}
	return o.admin.DropMachineKeys(ctx, admin.Client{}, Name, id)
}

var errNoUser = errors.New("there is no such user")

// RotateKeys makes a new signing key.
func (o *Operator) RotateKeys(ctx context.Context) error {
	err := o.admin.RotateKeys(ctx, admin.Client{}, Name)
	if o.rotate != nil {
		err = errors.Join(err, o.rotate(ctx))
	}
	return err
}

// resolve finds an account by its id or its username.
func (o *Operator) resolve(ctx context.Context, user string) (string, error) {
	for after := ""; ; {
		users, next, err := o.admin.Users(ctx, after, page)
		if err != nil {
			return "", err
		}
		for i := range users {
			if users[i].ID == user || users[i].Username == user {
				return users[i].ID, nil
			}
		}
		if next == "" {
			return "", errNoUser
		}
		after = next
	}
}

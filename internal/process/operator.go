package process

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/password"
)

// operatorName stands in the journal for whoever commands through the socket.
const operatorName = "operator"

const operatorPage = 200

// operator does what commands ask of this process.
type operator struct{ app *Process }

var _ control.Operator = operator{}

// controlSocket serves operators' commands, which the policy administrator
// carries out. A folder whose path is too long for
// a socket is no reason not to start.
func (a *Process) controlSocket() *server {
	if a.admin == nil {
		return nil
	}
	l, err := control.Listen(a.config.Data)
	if err != nil {
		a.log.Warn("operators' commands cannot reach this process", "error", err)
		return nil
	}
	a.onClose(closeOnce(l))
	return newServer("control", l, nil, control.Handler(operator{a}, a.log), a.log)
}

// Users lists accounts.
func (o operator) Users(ctx context.Context, after string, limit int) (control.Page, error) {
	users, next, err := o.app.admin.Users(ctx, after, min(max(limit, 1), operatorPage))
	if err != nil {
		return control.Page{}, err
	}
	page := control.Page{Items: make([]control.User, 0, len(users)), Next: next}
	for i := range users {
		page.Items = append(page.Items, shown(&users[i]))
	}
	return page, nil
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
func (o operator) Add(ctx context.Context, n control.NewUser) (control.User, error) {
	if roles := o.app.accountRoles(); roles[n.Role].Kind == "" {
		return control.User{}, fmt.Errorf("the role is none of %s", strings.Join(roles.Names(), ", "))
	}
	hash, err := password.Hash(n.Password)
	if err != nil {
		return control.User{}, err
	}
	err = o.app.journal.Append(ctx, pip.Event{
		Kind: pip.KindAccount, Time: time.Now(), Action: "user.add", Subject: operatorName, Outcome: "success", Allow: true, Role: n.Role,
	})
	if err != nil {
		return control.User{}, fmt.Errorf("journal: %w", err)
	}
	p, err := o.app.stores.accounts.Add(ctx, identity.NewAccount{
		Username: n.Username, Email: n.Email, PasswordHash: hash, Role: n.Role, Standing: pip.AccountActive,
		Staff: n.Staff, Department: n.Department, Patient: n.Patient,
	})
	if err != nil {
		return control.User{}, err
	}
	return shown(&admin.User{Profile: p}), nil
}

// Approve makes a pending account active.
func (o operator) Approve(ctx context.Context, user string, l control.Link) error {
	id, err := o.resolve(ctx, user)
	if err != nil {
		return err
	}
	return o.app.admin.Approve(ctx, admin.Client{}, operatorName, id, l.Staff, l.Department)
}

// Unban lifts a ban.
func (o operator) Unban(ctx context.Context, user string) error {
	id, err := o.resolve(ctx, user)
	if err != nil {
		return err
	}
	return o.app.admin.Unban(ctx, admin.Client{}, operatorName, id)
}

// machineDomain is where no mail ever goes (RFC 2606).
const machineDomain = "@machine.invalid"

// AddMachine makes an account without a known password, and gives it a key.
func (o operator) AddMachine(ctx context.Context, name string) (control.Machine, error) {
	id, err := o.resolve(ctx, name)
	if errors.Is(err, errNoUser) {
		var added control.User
		machines := o.app.accountRoles().Of(pip.RoleMachine)
		if len(machines) != 1 {
			return control.Machine{}, fmt.Errorf("the rule book has %d roles of kind machine: add the account by user add --role, and then its key", len(machines))
		}
		added, err = o.Add(ctx, control.NewUser{Username: name, Email: name + machineDomain, Password: rand.Text(), Role: machines[0]})
		id = added.ID
	}
	if err != nil {
		return control.Machine{}, err
	}
	key, err := o.app.admin.NewMachineKey(ctx, admin.Client{}, operatorName, id)
	return control.Machine{ID: id, Key: key}, err
}

// DropMachine takes all keys of a machine away.
func (o operator) DropMachine(ctx context.Context, name string) error {
	id, err := o.resolve(ctx, name)
	if err != nil {
		return err
	}
	return o.app.admin.DropMachineKeys(ctx, admin.Client{}, operatorName, id)
}

var errNoUser = errors.New("there is no such user")

// RotateKeys makes a new signing key.
func (o operator) RotateKeys(ctx context.Context) error {
	err := o.app.admin.RotateKeys(ctx, admin.Client{}, operatorName)
	if o.app.statements != nil {
		err = errors.Join(err, o.app.rotateStatements(ctx, o.app.statements))
	}
	return err
}

// resolve finds an account by its id or its username.
func (o operator) resolve(ctx context.Context, user string) (string, error) {
	for after := ""; ; {
		users, next, err := o.app.admin.Users(ctx, after, operatorPage)
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

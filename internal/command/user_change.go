package command

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/control"
)

// oneUser names the account that a command is about.
type oneUser struct {
	cli.RunningFlags
	User string `arg:"" help:"Id or username."`
}

type userDisable struct{ oneUser }

// Run disables an account.
func (u *userDisable) Run(s *cli.Streams) error {
	return s.Done("disabled; its sessions are over", u.Client().Disable(context.Background(), u.User))
}

type userEnable struct{ oneUser }

// Run enables an account.
func (u *userEnable) Run(s *cli.Streams) error {
	return s.Done("enabled", u.Client().Enable(context.Background(), u.User))
}

type userChange struct {
	oneUser
	Username string `help:"New username."`
	Email    string `help:"New e-mail address. The old one is told too."`
	Role     string `help:"New role. Ends the account's sessions."`
}

// Run changes an account.
func (u *userChange) Run(s *cli.Streams) error {
	return s.Done("changed", u.Client().Change(context.Background(), u.User, control.Change{Username: u.Username, Email: u.Email, Role: u.Role}))
}

type userLink struct {
	oneUser
	Staff      string `required:"" help:"Id of the staff record." placeholder:"ID"`
	Department string `help:"Id of the department; the staff record's when not given." placeholder:"ID"`
}

// Run links an account.
func (u *userLink) Run(s *cli.Streams) error {
	return s.Done("linked", u.Client().Link(context.Background(), u.User, control.Link{Staff: u.Staff, Department: u.Department}))
}

type userUnlink struct{ oneUser }

// Run unlinks an account.
func (u *userUnlink) Run(s *cli.Streams) error {
	return s.Done("unlinked", u.Client().Unlink(context.Background(), u.User))
}

type userRemoveApp struct{ oneUser }

// Run removes an authenticator app.
func (u *userRemoveApp) Run(s *cli.Streams) error {
	return s.Done("removed; codes by mail log this account in", u.Client().RemoveApp(context.Background(), u.User))
}

type userPass struct{ oneUser }

// Run prints the code, and below it what it is good for.
func (u *userPass) Run(s *cli.Streams) error {
	p, err := u.Client().Pass(context.Background(), u.User)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s\ngood for one log-in beside the password, within a quarter of an hour; the session ends at %s\n",
		p.Code, p.ShiftEnds.Format("2006-01-02 15:04 MST"))
	return nil
}

package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/control"
)

type userCommand struct {
	Add       userAdd       `cmd:"" help:"Add an account that may log in at once. Its password is read from a file or from standard input."`
	List      userList      `cmd:"" help:"List accounts."`
	Approve   userApprove   `cmd:"" help:"Approve a pending account and link it to a staff record."`
	Disable   userDisable   `cmd:"" help:"Keep an account out and end its sessions."`
	Enable    userEnable    `cmd:"" help:"Let a disabled account in again."`
	Change    userChange    `cmd:"" help:"Change username, e-mail address or role."`
	Link      userLink      `cmd:"" help:"Link an account to a staff record, which no other account has."`
	Unlink    userUnlink    `cmd:"" help:"Take the records away from an account."`
	RemoveApp userRemoveApp `cmd:"" help:"Remove the authenticator app of somebody who has lost it, and the recovery codes."`
	Pass      userPass      `cmd:"" help:"Print a code that lets somebody in for one shift who has lost the second factor. Tell it to the person."`
	Unban     userUnban     `cmd:"" help:"Lift a ban, and the bars that grew from failed log-ins."`
}

type userAdd struct {
	cli.RunningFlags
	Username     string `arg:"" help:"Username."`
	Email        string `required:"" help:"E-mail address."`
	Role         string `required:"" help:"One of the rule book's roles."`
	Staff        string `help:"Id of the staff record." placeholder:"ID"`
	Department   string `help:"Id of the department." placeholder:"ID"`
	Patient      string `help:"Id of the patient record." placeholder:"ID"`
	PasswordFile string `help:"File with the password; standard input when there is none." type:"path" placeholder:"FILE"`
}

// Run adds an account.
func (u *userAdd) Run(s *cli.Streams) error {
	password, err := readPassword(u.PasswordFile)
	if err != nil {
		return err
	}
	added, err := u.Client().Add(context.Background(), control.NewUser{
		Username: u.Username, Email: u.Email, Password: password, Role: u.Role,
		Staff: u.Staff, Department: u.Department, Patient: u.Patient,
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Out, added.ID)
	return nil
}

// readPassword takes the first line. A password is never a flag: those are
// shown to everybody who lists processes.
func readPassword(file string) (string, error) {
	from := io.Reader(os.Stdin)
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("password: %w", err)
		}
		defer f.Close()
		from = f
	}
	raw, err := io.ReadAll(io.LimitReader(from, 4096))
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

type userList struct {
	cli.RunningFlags
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run prints all accounts.
func (u *userList) Run(s *cli.Streams) error {
	client, all := u.Client(), []control.User{}
	for after := ""; ; {
		page, err := client.Users(context.Background(), after, 200)
		if err != nil {
			return err
		}
		all = append(all, page.Items...)
		if after = page.Next; after == "" {
			break
		}
	}
	if u.Output == "json" {
		return cli.PrintJSON(s.Out, all)
	}
	for _, one := range all {
		banned := ""
		if one.BannedUntil != nil {
			banned = fmt.Sprintf("  banned until %s: %s", one.BannedUntil.Format("2006-01-02 15:04"), one.BanReason)
		}
		fmt.Fprintf(s.Out, "%s  %-20s %-9s %s%s%s\n", one.ID, one.Username, one.Role, one.Standing, shared(all, one), banned)
	}
	return nil
}

// shared says that another account has the same staff record, which can be from
// an older version alone.
func shared(all []control.User, one control.User) string {
	for _, other := range all {
		if one.Staff != "" && other.Staff == one.Staff && other.ID != one.ID {
			return fmt.Sprintf("  shares staff record %s with %s", one.Staff, other.Username)
		}
	}
	return ""
}

type userApprove struct {
	cli.RunningFlags
	User       string `arg:"" help:"Id or username."`
	Staff      string `help:"Id of the staff record, for staff." placeholder:"ID"`
	Department string `help:"Id of the department; the staff record's when not given." placeholder:"ID"`
}

// Run approves an account.
func (u *userApprove) Run(s *cli.Streams) error {
	err := u.Client().Approve(context.Background(), u.User, control.Link{Staff: u.Staff, Department: u.Department})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "approved")
	return nil
}

type userUnban struct {
	cli.RunningFlags
	User string `arg:"" help:"Id or username."`
}

// Run lifts a ban.
func (u *userUnban) Run(s *cli.Streams) error {
	if err := u.Client().Unban(context.Background(), u.User); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "unbanned")
	return nil
}

type keysCommand struct {
	Rotate keysRotate `cmd:"" help:"Make a new key for access tokens. Tokens under the old one stay good until they expire."`
}

type keysRotate struct{ cli.RunningFlags }

// Run rotates the signing key.
func (k *keysRotate) Run(s *cli.Streams) error {
	if err := k.Client().RotateKeys(context.Background()); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "rotated; the new key signs within seconds")
	return nil
}

type machineCommand struct {
	Add  machineAdd  `cmd:"" help:"Give a machine, a SIEM say, a key of its own. It is printed once."`
	Drop machineDrop `cmd:"" help:"Take all keys of a machine away and end its sessions."`
}

type machineAdd struct {
	cli.RunningFlags
	Name string `arg:"" help:"Name of the machine."`
}

// Run prints the key alone, so that it can be piped into a secret store.
func (m *machineAdd) Run(s *cli.Streams) error {
	added, err := m.Client().AddMachine(context.Background(), m.Name)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Out, added.Key)
	return nil
}

type machineDrop struct {
	cli.RunningFlags
	Name string `arg:"" help:"Name of the machine."`
}

// Run drops the keys.
func (m *machineDrop) Run(s *cli.Streams) error {
	if err := m.Client().DropMachine(context.Background(), m.Name); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "dropped")
	return nil
}

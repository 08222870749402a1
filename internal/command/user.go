package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/wardgate/wardgate/internal/control"
)

// runningFlags says which running Wardgate is meant.
type runningFlags struct {
	Data string `help:"Data folder of the running wardgate." default:"var" placeholder:"DIR"`
}

func (f *runningFlags) client() *control.Client { return control.NewClient(f.Data) }

type userCommand struct {
	Add     userAdd     `cmd:"" help:"Add an account that may log in at once. Its password is read from a file or from standard input."`
	List    userList    `cmd:"" help:"List accounts."`
	Approve userApprove `cmd:"" help:"Approve a pending account and link it to a staff record."`
	Unban   userUnban   `cmd:"" help:"Lift a ban, and the bars that grew from failed log-ins."`
}

type userAdd struct {
	runningFlags
	Username     string `arg:"" help:"Username."`
	Email        string `required:"" help:"E-mail address."`
	Role         string `required:"" help:"One of the rule book's roles."`
	Staff        string `help:"Id of the staff record." placeholder:"ID"`
	Department   string `help:"Id of the department." placeholder:"ID"`
	Patient      string `help:"Id of the patient record." placeholder:"ID"`
	PasswordFile string `help:"File with the password; standard input when there is none." type:"path" placeholder:"FILE"`
}

// Run adds an account.
func (u *userAdd) Run(s *streams) error {
	password, err := readPassword(u.PasswordFile)
	if err != nil {
		return err
	}
	added, err := u.client().Add(context.Background(), control.NewUser{
		Username: u.Username, Email: u.Email, Password: password, Role: u.Role,
		Staff: u.Staff, Department: u.Department, Patient: u.Patient,
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, added.ID)
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
	runningFlags
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run prints all accounts.
func (u *userList) Run(s *streams) error {
	client, all := u.client(), []control.User{}
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
		return printJSON(s.out, all)
	}
	for _, one := range all {
		banned := ""
		if one.BannedUntil != nil {
			banned = fmt.Sprintf("  banned until %s: %s", one.BannedUntil.Format("2006-01-02 15:04"), one.BanReason)
		}
		fmt.Fprintf(s.out, "%s  %-20s %-9s %s%s\n", one.ID, one.Username, one.Role, one.Standing, banned)
	}
	return nil
}

type userApprove struct {
	runningFlags
	User       string `arg:"" help:"Id or username."`
	Staff      string `help:"Id of the staff record, for staff." placeholder:"ID"`
	Department string `help:"Id of the department; the staff record's when not given." placeholder:"ID"`
}

// Run approves an account.
func (u *userApprove) Run(s *streams) error {
	err := u.client().Approve(context.Background(), u.User, control.Link{Staff: u.Staff, Department: u.Department})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "approved")
	return nil
}

type userUnban struct {
	runningFlags
	User string `arg:"" help:"Id or username."`
}

// Run lifts a ban.
func (u *userUnban) Run(s *streams) error {
	if err := u.client().Unban(context.Background(), u.User); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "unbanned")
	return nil
}

type keysCommand struct {
	Rotate keysRotate `cmd:"" help:"Make a new key for access tokens. Tokens under the old one stay good until they expire."`
}

type keysRotate struct{ runningFlags }

// Run rotates the signing key.
func (k *keysRotate) Run(s *streams) error {
	if err := k.client().RotateKeys(context.Background()); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "rotated; the new key signs within seconds")
	return nil
}

type machineCommand struct {
	Add  machineAdd  `cmd:"" help:"Give a machine, a SIEM say, a key of its own. It is printed once."`
	Drop machineDrop `cmd:"" help:"Take all keys of a machine away and end its sessions."`
}

type machineAdd struct {
	runningFlags
	Name string `arg:"" help:"Name of the machine."`
}

// Run prints the key alone, so that it can be piped into a secret store.
func (m *machineAdd) Run(s *streams) error {
	added, err := m.client().AddMachine(context.Background(), m.Name)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, added.Key)
	return nil
}

type machineDrop struct {
	runningFlags
	Name string `arg:"" help:"Name of the machine."`
}

// Run drops the keys.
func (m *machineDrop) Run(s *streams) error {
	if err := m.client().DropMachine(context.Background(), m.Name); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "dropped")
	return nil
}

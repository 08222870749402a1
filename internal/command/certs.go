package command

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/mtls"
)

type certsCommand struct {
	Out       string            `required:"" help:"Folder for the files; made when there is none. Nothing in it is overwritten." type:"path" placeholder:"DIR"`
	Name      map[string]string `help:"Host names and addresses of a role's machine, for programs that check them: pdp=pdp.hospital,10.0.0.7. Repeat it for each role." placeholder:"ROLE=HOST,HOST…" mapsep:"none"`
	Days      int               `help:"Life of the roles' certificates." default:"365"`
	Authority string            `help:"Folder with the ca.pem and ca.key of an earlier run, to renew certificates under the same authority." type:"existingdir" placeholder:"DIR"`
	Output    string            `help:"Output format: text or json." enum:"text,json" default:"text"`
}

const (
	assertionFile  = "assertion.key"
	assertionBytes = 32
	maxDays        = 825
)

// certificateRoles are the roles that prove themselves to each other.
func certificateRoles() []string {
	return []string{mtls.PEP, mtls.PDP, mtls.Records, mtls.Inference}
}

// A madeFile is one line of what the command prints.
type madeFile struct {
	File string `json:"file"`
	For  string `json:"for"`
}

// Run makes an authority, the roles' certificates and the assertion key. It
// checks everything before it writes anything.
func (c *certsCommand) Run(s *cli.Streams) error {
	hosts, err := c.check()
	if err != nil {
		return err
	}
	files := c.files()
	if err := absent(files); err != nil {
		return err
	}
	if err := durable.MkdirAll(c.Out, 0o700); err != nil {
		return err
	}
	if err := c.make(hosts); err != nil {
		return err
	}
	if c.Output == "json" {
		return cli.PrintJSON(s.Out, files)
	}
	for _, f := range files {
		fmt.Fprintf(s.Out, "%s  %s\n", f.File, f.For)
	}
	return nil
}

// check reads the names, and reports all faults together.
func (c *certsCommand) check() (map[string][]string, error) {
	var faults []error
	if c.Days < 1 || c.Days > maxDays {
		faults = append(faults, fmt.Errorf("--days: expected 1 to %d", maxDays))
	}
	hosts := map[string][]string{}
	for role, list := range c.Name {
		if !slices.Contains(certificateRoles(), role) {
			faults = append(faults, fmt.Errorf("--name %s: expected one of the roles %s", role, strings.Join(certificateRoles(), ", ")))
			continue
		}
		for host := range strings.SplitSeq(list, ",") {
			if !isHost(host) {
				faults = append(faults, fmt.Errorf("--name %s: %q is neither a host name nor an IP address", role, host))
				continue
			}
			hosts[role] = append(hosts[role], host)
		}
	}
	return hosts, errors.Join(faults...)
}

// isHost accepts an IP address or a host name as RFC 1123 writes it.
func isHost(host string) bool {
	if net.ParseIP(host) != nil {
		return true
	}
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			return false
		}
	}
	return true
}

// files are what the command will make.
func (c *certsCommand) files() []madeFile {
	in := func(name, what string) madeFile { return madeFile{filepath.Join(c.Out, name), what} }
	list := []madeFile{in("ca.pem", "every role: whose certificates are believed")}
	if c.Authority == "" {
		list = append(list, in("ca.key", "nobody: keep it offline; it makes further certificates"))
	}
	for _, role := range certificateRoles() {
		list = append(list, in(role+".pem", role+": its certificate"), in(role+".key", role+": its key"))
	}
	if c.Authority == "" {
		list = append(list, in(assertionFile, "every role: the key of assertions (assertion.key_file)"))
	}
	return list
}

// absent names every file that is there already.
func absent(files []madeFile) error {
	var faults []error
	for _, f := range files {
		if _, err := os.Lstat(f.File); !errors.Is(err, os.ErrNotExist) {
			faults = append(faults, fmt.Errorf("%s exists and is not overwritten; name another folder with --out", f.File))
		}
	}
	return errors.Join(faults...)
}

func (c *certsCommand) make(hosts map[string][]string) error {
	authority, err := c.open()
	if err != nil {
		return err
	}
	for _, role := range certificateRoles() {
		if _, err := authority.Write(c.Out, role, hosts[role], time.Duration(c.Days)*24*time.Hour); err != nil {
			return err
		}
	}
	if c.Authority != "" {
		return nil
	}
	secret := make([]byte, assertionBytes)
	rand.Read(secret) // never fails: the program ends when the system has no randomness
	return writeNew(filepath.Join(c.Out, assertionFile), secret)
}

// open makes the authority, or opens the earlier one and hands on which
// authority to believe.
func (c *certsCommand) open() (*mtls.Authority, error) {
	if c.Authority == "" {
		return mtls.Open(c.Out)
	}
	for _, name := range []string{"ca.pem", "ca.key"} {
		if _, err := os.Stat(filepath.Join(c.Authority, name)); err != nil {
			return nil, fmt.Errorf("--authority: %w", err)
		}
	}
	authority, err := mtls.Open(c.Authority)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(c.Authority, "ca.pem"))
	if err != nil {
		return nil, fmt.Errorf("--authority: %w", err)
	}
	return authority, writeNew(filepath.Join(c.Out, "ca.pem"), raw)
}

// writeNew makes a file for its owner alone. One that is there is left alone.
func writeNew(file string, content []byte) error { return durable.CreateFile(file, content, 0o600) }

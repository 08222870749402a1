// Package try is the command that says what would become of one request, and why. It reads
// the request as the enforcement point does, and asks a rule book about it as an engine
// does. It has no effect: nothing is recorded, counted or changed.
package try

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/command/policy"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/datafolder"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
)

// Command is `wardgate try`.
type Command struct {
	Request  []string `arg:"" name:"[METHOD] URL" help:"Method (default: GET), and an address or a path."`
	As       string   `help:"A role of the rule book, or the user name or id of an account; role:NAME or account:NAME where both have the name (default: a caller without a session)." placeholder:"ROLE|ACCOUNT"`
	By       string   `help:"How the session comes: token, or cookie as a browser's." enum:"token,cookie" default:"token"`
	StepUp   bool     `help:"With a fresh step-up."`
	Place    string   `help:"Where the request comes from: a word of the input's location.place, such as on_site or off_site." default:"on_site" placeholder:"PLACE"`
	Time     string   `help:"day, night, or a time (RFC 3339), which is day or night by the rule book's hours." default:"day" placeholder:"TIME"`
	Set      []string `help:"Assume another value in the input, such as /context/device/match=changed. Can be repeated." sep:"none" placeholder:"/POINTER=VALUE"`
	Config   string   `help:"Configuration of a server: its applications and hosts, rule book and stores." type:"path" placeholder:"FILE"`
	Data     string   `help:"Data folder with accounts and care relationships. Works offline, and changes nothing." placeholder:"DIR"`
	Policies string   `help:"Folder with the rule book, or BASE+OVERLAY (default: the configuration's, else the built-in one)." placeholder:"DIR"`
	Output   string   `help:"Output format: text or json." enum:"text,json" default:"text"`
	Language string   `help:"Language of reasons and advice: en or ar." enum:"en,ar" default:"en"`
}

// Help has the examples.
func (Command) Help() string {
	return `Says to which application and row a request leads, whether it would be allowed, with which
status the enforcement point would answer and why, what would help, and what was assumed.
Nothing is recorded, counted, banned or revoked by it, and nothing has to run.

  wardgate try /api/patients/p-1 --as doctor
  wardgate try DELETE /api/services/v-1 --as doctor --place off_site --time night
  wardgate try POST /api/patients/p-1/services --as doctor --by cookie --set /context/credential/site=foreign
  wardgate try /api/patients/p-1 --as account:doctor --data var
  wardgate try https://imaging.hospital.example/studies --as nurse --config wardgate.yaml --output json
  wardgate try /login                                        # without a session

Of a role everything is assumed in its favour: an active account with its record, who treats
the patient, on the device of the log-in, with usual behaviour. --set assumes otherwise. Of an account,
role, standing, ban, owed fresh factor and care relationship are read from the stores.

Exit code 0: allowed. 1: denied. 2: it could not be asked: misuse, or a file that cannot be read.`
}

// Validate refuses what is no request line, no time and no setting.
func (c *Command) Validate() error {
	if len(c.Request) > 2 {
		return errors.New(`expected "[METHOD] URL"`)
	}
	if _, _, err := apart(c.Request[len(c.Request)-1]); err != nil {
		return err
	}
	if _, _, err := c.at(); err != nil {
		return err
	}
	for _, text := range c.Set {
		if _, _, err := setting(text); err != nil {
			return err
		}
	}
	return nil
}

// Run prints what would become of the request. It fails where that is a denial.
func (c *Command) Run(s *cli.Streams) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	r, err := c.try(ctx, s)
	if err == nil && c.Output == "json" {
		err = cli.PrintJSON(s.Out, r)
	}
	switch {
	case err != nil:
		return &cli.Misused{Err: err}
	case c.Output == "text":
		r.print(s.Out)
	}
	if !r.Allow {
		return cli.ErrReported
	}
	return nil
}

// try asks, and reports what was answered.
func (c *Command) try(ctx context.Context, s *cli.Streams) (*report, error) {
	server, err := c.server(s)
	if err != nil {
		return nil, err
	}
	book, err := c.book(server)
	if err != nil {
		return nil, err
	}
	l, err := c.line(server, book)
	if err != nil {
		return nil, err
	}
	w, err := c.subject(ctx, server, book)
	if err != nil {
		return nil, err
	}
	r := newReport(book, l, w, c.Language)
	a, err := c.situation(ctx, book, l, w)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := w.close(); err != nil {
		return nil, err
	}
	r.Taken, r.Assumed = a.taken, a.assumed
	if l.flaw != "" {
		r.refuse(l.flaw)
		return r, nil
	}
	return r, r.ask(ctx, book, a.document)
}

// server is the configuration that was named; with a data folder alone the usual one.
func (c *Command) server(s *cli.Streams) (*config.Config, error) {
	server := config.Default()
	if c.Config != "" {
		var err error
		if server, err = config.Read(c.Config, s.Environ); err != nil {
			return nil, err
		}
	}
	if c.Data != "" {
		server.Data = c.Data
	}
	server.Demo = c.stored() && datafolder.HoldsDemo(server.Data)
	if c.Config != "" {
		if _, err := server.ParseApplications(); err != nil {
			return nil, fmt.Errorf("%s: no server starts with it (wardgate config check %[1]s): %w", c.Config, err)
		}
	}
	return &server, nil
}

// stored: there are stores from which accounts can be read.
func (c *Command) stored() bool { return c.Config != "" || c.Data != "" }

var errDelivered = errors.New("the configuration's rule book comes in signed bundles: name a folder with it by --policies")

func (c *Command) book(server *config.Config) (*analysis.Book, error) {
	name := c.Policies
	if name == "" && c.Config != "" {
		if server.Policy.Delivered() {
			return nil, errDelivered
		}
		name = server.Book()
		if own := server.Policy.Overlay; own != "" {
			name += "+" + own
		}
	}
	return policy.OpenBook(name)
}

// at is the time of the request, and the period to assume in its place.
func (c *Command) at() (now time.Time, period string, err error) {
	if c.Time == "day" || c.Time == "night" {
		return time.Now(), c.Time, nil
	}
	now, err = time.Parse(time.RFC3339, c.Time)
	if err != nil {
		return now, "", fmt.Errorf("--time: %q: expected day, night or a time such as 2026-03-01T02:30:00+01:00", c.Time)
	}
	return now, "", nil
}

// setting is one --set, taken apart.
func setting(text string) (pointer, value string, err error) {
	pointer, value, is := strings.Cut(text, "=")
	if !is || !strings.HasPrefix(pointer, "/") {
		return "", "", fmt.Errorf("--set: %q: expected /pointer=value, such as /context/device/match=changed", text)
	}
	return pointer, value, nil
}

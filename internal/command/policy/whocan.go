package policy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pdp/engine/diff"
	"github.com/wardgate/wardgate/pdp/engine/whocan"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/care/sqlcare"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
)

type whoCanCommand struct {
	Dir     string    `arg:"" optional:"" help:"The rule book: a folder, BASE+OVERLAY, a bundle (.tar.gz), or the word built-in (the default)."`
	Action  string    `help:"This action alone." placeholder:"ACTION"`
	Role    string    `help:"This role alone." placeholder:"ROLE"`
	Compare string    `help:"Show who gains and who loses by this rule book." placeholder:"NEW"`
	Data    string    `help:"Data folder: ask about its people. Works offline, and changes nothing." placeholder:"DIR"`
	Config  string    `help:"Configuration of the server whose people are asked about: of its stores, on database servers too." type:"path" placeholder:"FILE"`
	At      time.Time `help:"By the rule book that was in force at this time (RFC 3339), as the journal of the data folder says." placeholder:"TIME"`
	Output  string    `help:"Output format: text, csv, html or json." enum:"text,csv,html,json" default:"text"`
}

func (whoCanCommand) Help() string {
	return `Says for each action and role whether it is ever allowed, what is needed for it, which
rows it reaches, and which fields are withheld and duties owed: by every possible input,
not by examples.

  wardgate policy who-can                                   # the built-in book
  wardgate policy who-can policies --role nurse --output html
  wardgate policy who-can policies --compare candidate      # who gains, who loses
  wardgate policy who-can --data var --action patient.read  # every account and patient
  wardgate policy who-can --config wardgate.yaml --action patient.read
  wardgate policy who-can --data var --at 2026-03-01T12:00:00Z

With a data folder and an action, each account is asked about with each class of
devices and each patient, from identity.db and records.db, or from the servers and files
that stores.identity and stores.records (or stores.care) of --config name. Only ids are
printed, and sessions on a server can change nothing. With
--at the rule book is the one in force then: BOOK, the built-in one or a bundle that the
folder keeps, whichever has the revision that the journal names.`
}

// Validate refuses flags that mean nothing together.
func (c *whoCanCommand) Validate() error {
	switch {
	case !c.At.IsZero() && !c.hasPeople():
		return errors.New("--at: expected --data or --config, whose journal says what was in force")
	case c.hasPeople() && c.Action == "" && c.At.IsZero():
		return errors.New("--data, --config: expected --action: people are asked about one action")
	}
	return nil
}

// hasPeople: it is asked about somebody's data.
func (c *whoCanCommand) hasPeople() bool { return c.Data != "" || c.Config != "" }

// printable is what all answers of the command have in common.
type printable interface {
	Text(w io.Writer)
	CSV(w io.Writer) error
	HTML(w io.Writer) error
}

// Run prints who can.
func (c *whoCanCommand) Run(s *cli.Streams) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	server, err := c.server(s)
	if err != nil {
		return err
	}
	book, err := c.book(ctx, s, server.Data)
	if err != nil {
		return err
	}
	found, err := c.find(ctx, s, book, &server)
	if err != nil {
		return err
	}
	switch c.Output {
	case "json":
		return cli.PrintJSON(s.Out, found)
	case "csv":
		return found.CSV(s.Out)
	case "html":
		return found.HTML(s.Out)
	}
	found.Text(s.Out)
	return nil
}

// server is the configuration of whose people are asked about.
func (c *whoCanCommand) server(s *cli.Streams) (config.Config, error) {
	server := config.Default()
	if c.Config != "" {
		var err error
		if server, err = config.Read(c.Config, s.Environ); err != nil {
			return config.Config{}, err
		}
	}
	if c.Data != "" {
		server.Data = c.Data
	}
	return server, nil
}

func (c *whoCanCommand) find(ctx context.Context, s *cli.Streams, book diff.Book, server *config.Config) (printable, error) {
	narrow := whocan.Config{Action: c.Action, Role: c.Role}
	var after diff.Book
	if c.Compare != "" {
		files, err := filesAt(s, c.Compare)
		if err != nil {
			return nil, fmt.Errorf("--compare: %w", err)
		}
		after = diff.Book{Name: bookName(c.Compare), Files: files}
	}
	if c.hasPeople() && c.Action != "" {
		return c.people(ctx, book, after, server)
	}
	if c.Compare == "" {
		return whocan.Find(ctx, book.Name, book.Files, points.Sections(), narrow)
	}
	r, err := diff.Compare(ctx, book, after, points.Sections())
	if err != nil {
		return nil, err
	}
	return whocan.Compared(r, narrow), nil
}

// people asks about everybody in the stores of a server.
func (c *whoCanCommand) people(ctx context.Context, book, after diff.Book, server *config.Config) (printable, error) {
	who, patients, err := peopleOf(ctx, server, c.Role)
	if err != nil {
		return nil, err
	}
	ask := func(b diff.Book) (*whocan.People, error) {
		return whocan.FindPeople(ctx, b.Name, b.Files, points.Sections(), c.Action, who, patients)
	}
	found, err := ask(book)
	if err != nil || c.Compare == "" {
		return found, err
	}
	then, err := ask(after)
	if err != nil {
		return nil, err
	}
	return whocan.MovedBy(found, then), nil
}

// peopleOf reads accounts and who treats which patient, from stores that may be in use.
func peopleOf(ctx context.Context, server *config.Config, role string) (who []whocan.Person, patients []whocan.Patient, err error) {
	accounts, err := process.ReadAccounts(ctx, server)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, accounts.Close()) }()
	links, err := sqlstore.ReadLinks(ctx, accounts)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range links {
		if role == "" || l.Role == role {
			who = append(who, whocan.Person{ID: l.ID, Role: l.Role, State: string(l.Standing), Staff: l.Staff, Patient: l.Patient, Department: l.Department})
		}
	}
	care, err := process.ReadCare(ctx, server)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, care.Close()) }()
	relationships, err := sqlcare.New(care.DB).All(ctx)
	for _, r := range relationships {
		patients = append(patients, whocan.Patient{ID: r.Patient, Staff: r.Staff, Department: r.Department})
	}
	return who, patients, err
}

// book is the rule book that is asked: the named one, or the one that was in force.
func (c *whoCanCommand) book(ctx context.Context, s *cli.Streams, data string) (diff.Book, error) {
	files, err := filesAt(s, c.Dir)
	if err != nil {
		return diff.Book{}, err
	}
	named := diff.Book{Name: bookName(c.Dir), Files: files}
	if c.At.IsZero() {
		return named, nil
	}
	revision, err := inForce(ctx, filepath.Join(data, "journal"), c.At)
	if err != nil {
		return diff.Book{}, err
	}
	if files.Revision() == revision {
		return named, nil
	}
	packed, known, err := delivery.Kept(filepath.Join(data, "policy"), revision)
	if err != nil {
		return diff.Book{}, err
	}
	if packed == nil {
		return diff.Book{}, missingBook(named.Name, revision, c.At, known)
	}
	if files, err = bundle.Unverified(packed); err != nil {
		return diff.Book{}, err
	}
	if files.Revision() != revision {
		return diff.Book{}, fmt.Errorf("the kept bundle of revision %s holds another rule book", revision)
	}
	return diff.Book{Name: "the bundle that was in force at " + c.At.Format(time.RFC3339), Files: files}, nil
}

func missingBook(named, revision string, at time.Time, known []delivery.Delivered) error {
	var kept []string
	for _, d := range known {
		kept = append(kept, fmt.Sprintf("%.12s", d.Rules))
	}
	there := "it keeps no bundle"
	if len(kept) > 0 {
		there = "it keeps the bundles of " + strings.Join(kept, ", ")
	}
	return fmt.Errorf("at %s the rule book of revision %s was in force, which is neither %s nor in the data folder (%s): name the folder or bundle of that revision, such as a checkout of your policy repository from that day",
		at.Format(time.RFC3339), revision, named, there)
}

// inForce is the revision that the journal's last record before a time was made under.
func inForce(ctx context.Context, journal string, at time.Time) (string, error) {
	revision := ""
	filter := reader.Filter{Kinds: []pip.Kind{pip.KindPolicy, pip.KindDecision}, Until: at.Add(time.Nanosecond)}
	for r, err := range reader.Query(ctx, journal, filter) {
		if err != nil {
			return "", fmt.Errorf("journal: %w", err)
		}
		e := &r.Event
		took := e.Kind == pip.KindDecision || e.Outcome == "success" && (e.Action == "policy.activate" || e.Action == "policy.rollback")
		if e.Revision != "" && took {
			revision = e.Revision
		}
	}
	if revision == "" {
		return "", fmt.Errorf("the journal in %s has no decision and no change of the rule book before %s", journal, at.Format(time.RFC3339))
	}
	return revision, nil
}

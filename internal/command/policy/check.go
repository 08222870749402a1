package policy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

type checkCommand struct {
	waiverFlags
	Dir    string `arg:"" optional:"" help:"Folder with the rule book, or BASE+OVERLAY (default: the built-in one)."`
	Config string `help:"Configuration of a server: refuse what that server could not serve." type:"path" placeholder:"FILE"`
	Strict bool   `help:"Fail on notes too: titles, paragraphs and tests that are missing."`
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

func (checkCommand) Help() string {
	return `Finds every fault of a rule book, and then proves of it the invariants that come with
Wardgate and its own (see ` + "`wardgate policy prove`" + `): what is refuted is a fault like
others. What check refuses, ` + "`wardgate policy bundle`" + ` does not sign.

Exit code 0: no fault. 1: a fault, or with --strict a note. 2: misuse.`
}

// Run prints every fault, and fails when there is one.
func (c *checkCommand) Run(s *cli.Streams) error {
	fsys, err := bookAt(c.Dir)
	if err != nil {
		return err
	}
	gate := bookGate()
	if c.Config != "" {
		server, err := config.Read(c.Config, s.Environ)
		if err != nil {
			return err
		}
		gate.Hosted = server.Hosted()
		if gate.Applications, err = applicationNames(&server); err != nil {
			return err
		}
	}
	book, found := gate.Folder(context.Background(), fsys)
	proof, rests := "", []open{}
	if book != nil {
		rests = opened(book.Tables.House.Routes)
		proved, findings, err := c.proved(s, fsys, book)
		if err != nil {
			return err
		}
		proof, found = proved, append(found, findings...)
	}
	refused := false
	for i := range found {
		refused = refused || c.Strict || !found[i].Note
		found[i].File = placeOf(c.Dir, found[i].File)
	}
	if c.Output == "json" {
		if err := cli.PrintJSON(s.Out, struct {
			OK       bool               `json:"ok"`
			Findings []rulebook.Finding `json:"findings"`
			Open     []open             `json:"open"`
		}{!refused, append([]rulebook.Finding{}, found...), rests}); err != nil {
			return err
		}
	} else {
		printFindings(s.Out, found)
		for _, one := range rests {
			fmt.Fprintln(s.Out, one)
		}
		fmt.Fprintf(s.Out, "%s: %s%s\n", bookName(c.Dir), summary(found), proof)
	}
	if refused {
		return cli.ErrReported
	}
	return nil
}

func printFindings(w io.Writer, found []rulebook.Finding) {
	for _, f := range found {
		fmt.Fprintln(w, f)
		if f.Hint != "" {
			fmt.Fprintf(w, "    hint: %s\n", f.Hint)
		}
	}
}

// proved proves a book that the gate lets in. It returns what refuses it, and in a
// few words how many invariants were proved.
func (c *checkCommand) proved(s *cli.Streams, fsys fs.FS, loaded *rulebook.Book) (words string, found []rulebook.Finding, err error) {
	files, err := rulebook.ReadFiles(fsys)
	if err != nil {
		return "", nil, err
	}
	report, gate, err := proveBook(s, &c.waiverFlags, files, loaded)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return "", nil, err
		}
		return "", []rulebook.Finding{prove.Unproved(err)}, nil
	}
	return fmt.Sprintf(", %d invariants proved", statement(gate, files, &report).Proved), report.Findings(), nil
}

// counted is "no fault", "1 fault", "2 faults".
func counted(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	default:
		return fmt.Sprintf("%d %ss", n, what)
	}
}

// summary is "no fault", "2 faults", "no fault, 1 note".
func summary(found []rulebook.Finding) string {
	notes := 0
	for _, f := range found {
		if f.Note {
			notes++
		}
	}
	text := counted(len(found)-notes, "fault")
	if notes > 0 {
		text += ", " + counted(notes, "note")
	}
	return text
}

// applicationNames are the applications that a server's configuration has.
func applicationNames(c *config.Config) ([]string, error) {
	list, err := c.ParseApplications()
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, one := range list {
		names = append(names, one.Name)
	}
	return names, nil
}

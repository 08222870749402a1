package command

import (
	"path/filepath"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
)

type auditCommand struct {
	Verify     auditVerify     `cmd:"" help:"Walk the journal and find any byte that was changed or cut off."`
	Query      auditQuery      `cmd:"" help:"Find records by subject, patient, session, decision or time."`
	Export     auditExport     `cmd:"" help:"Print records as JSON lines, in the Elastic Common Schema unless told otherwise."`
	AcceptLoss auditAcceptLoss `cmd:"" help:"Let a journal go on that was refused at start, and answer for what is lost."`
}

// journalFlags says where journals are.
type journalFlags struct {
	Data    string   `help:"Data folder." default:"var" placeholder:"DIR"`
	Journal []string `help:"Folder of a journal, instead of the data folder's own; may be repeated." type:"path" placeholder:"DIR"`
	Output  string   `help:"Output format: text or json." enum:"text,json" default:"text"`
}

func (f *journalFlags) dirs() []string {
	if len(f.Journal) > 0 {
		return f.Journal
	}
	return []string{filepath.Join(f.Data, "journal")}
}

// configFlag names the configuration under which a data folder is served.
type configFlag struct {
	Config string `help:"YAML configuration file under which the data folder is served." type:"path" placeholder:"FILE"`
}

func (f *configFlag) read(s *cli.Streams, data string) (config.Config, error) {
	c, err := config.Read(f.Config, s.Environ)
	if err != nil {
		return c, err
	}
	if f.Config == "" || data != "var" {
		c.Data = data
	}
	return c, nil
}

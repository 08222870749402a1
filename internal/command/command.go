// Package command is the command line: it reads flags, calls one function and
// prints. Exit codes: 0 done, 1 failed, 2 misused.
package command

import (
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/version"
)

const (
	exitDone    = 0
	exitFailed  = 1
	exitMisused = 2
)

// commands is the whole command line.
type commands struct {
	Up      upCommand      `cmd:"" help:"Run every role in one process."`
	Run     runCommand     `cmd:"" help:"Run the named roles in this process."`
	Config  configCommand  `cmd:"" help:"Work with configuration files."`
	Audit   auditCommand   `cmd:"" help:"Read and verify the journal. Works offline."`
	Events  eventsCommand  `cmd:"" help:"Prepare the Elasticsearch that the journal is shipped to."`
	Policy  policyCommand  `cmd:"" help:"Check, test, ask, explain, replay, sign and roll back a rule book."`
	Model   modelCommand   `cmd:"" help:"Train and verify prediction models."`
	User    userCommand    `cmd:"" help:"Manage accounts of a running wardgate."`
	Machine machineCommand `cmd:"" help:"Manage machines that may manage users."`
	Bans    bansCommand    `cmd:"" help:"List bans of a running wardgate, and let barred addresses in again."`
	Keys    keysCommand    `cmd:"" help:"Manage signing keys of a running wardgate."`
	Certs   certsCommand   `cmd:"" help:"Make a certificate authority and the roles' certificates."`
	Version versionCommand `cmd:"" help:"Print the version."`

	Stamp kong.VersionFlag `name:"version" help:"Print the version."`
}

// streams is where a command prints.
type streams struct {
	out, err io.Writer
	environ  []string
}

// errReported is a failure that the command has already printed.
var errReported = errors.New("reported")

// Run runs one command line and returns the exit code.
func Run(args []string, out, errOut io.Writer, environ []string) (code int) {
	gin.SetMode(gin.ReleaseMode) // a switch of that library for the whole process
	var c commands
	type exit struct{ code int }
	defer func() {
		// kong leaves by this way after --help.
		if v := recover(); v != nil {
			e, ok := v.(exit)
			if !ok {
				panic(v)
			}
			code = e.code
		}
	}()
	parser, err := kong.New(&c,
		kong.Name("wardgate"),
		kong.Description("Policy-as-code authorization for hospitals: a PEP asks a Rego PDP about every request."),
		kong.Vars{"version": version.Get().String()},
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { panic(exit{code}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(errOut, "wardgate:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(errOut, "wardgate: %v\nTry 'wardgate --help'.\n", err)
		return exitMisused
	}
	err = parsed.Run(&streams{out: out, err: errOut, environ: environ})
	switch {
	case err == nil:
		return exitDone
	case !errors.Is(err, errReported):
		fmt.Fprintf(errOut, "wardgate: %v\n", err)
	}
	return exitFailed
}

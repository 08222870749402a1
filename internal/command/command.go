// Package command is the command line: it reads flags, calls one function and
// prints. Exit codes: 0 done, 1 failed, 2 misused.
package command

import (
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/command/policy"
	"github.com/wardgate/wardgate/internal/command/try"
	"github.com/wardgate/wardgate/internal/version"
)

const (
	exitDone    = 0
	exitFailed  = 1
	exitMisused = 2
)

// commands is the whole command line.
type commands struct {
	Up      upCommand       `cmd:"" help:"Run every role in one process."`
	Run     runCommand      `cmd:"" help:"Run the named roles in this process."`
	Config  configCommand   `cmd:"" help:"Work with configuration files."`
	Try     try.Command     `cmd:"" help:"Say what would become of a request and why, without any effect."`
	Audit   auditCommand    `cmd:"" help:"Read and verify the journal. Works offline."`
	Events  eventsCommand   `cmd:"" help:"Prepare the Elasticsearch that the journal is shipped to."`
	Policy  policy.Commands `cmd:"" help:"Check, test, ask, explain, replay, sign and roll back a rule book."`
	Model   modelCommand    `cmd:"" help:"Train and verify prediction models."`
	User    userCommand     `cmd:"" help:"Manage accounts of a running wardgate."`
	Machine machineCommand  `cmd:"" help:"Manage machines that may manage users."`
	Bans    bansCommand     `cmd:"" help:"List bans of a running wardgate, and let barred addresses in again."`
	Data    dataCommand     `cmd:"" help:"Check a data folder, and let one go on that has lost something. Works offline."`
	Keys    keysCommand     `cmd:"" help:"Manage signing keys of a running wardgate."`
	Certs   certsCommands   `cmd:"" help:"Make a certificate authority and the roles' certificates, or a request for the hospital's own."`
	Version versionCommand  `cmd:"" help:"Print the version."`

	Stamp kong.VersionFlag `name:"version" help:"Print the version."`
}

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
	tuneCollector(environ)
	err = parsed.Run(&cli.Streams{Out: out, Err: errOut, Environ: environ})
	var misused *cli.Misused
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &misused):
		fmt.Fprintf(errOut, "wardgate: %v\nTry 'wardgate --help'.\n", err)
		return exitMisused
	case !errors.Is(err, cli.ErrReported):
		fmt.Fprintf(errOut, "wardgate: %v\n", err)
	}
	return exitFailed
}

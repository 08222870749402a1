package policy

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// waiverFlags say whose signatures waive an invariant.
type waiverFlags struct {
	WaiverKey []string `help:"Public key of somebody who may waive an invariant, as ID=FILE; two of them have to sign. As policy.waiver_keys of a server." sep:"none" placeholder:"ID=FILE"`
}

func (f *waiverFlags) gate() (prove.Gate, error) {
	var signers *bundle.Trust
	if len(f.WaiverKey) > 0 {
		var err error
		if signers, err = config.ReadTrust(f.WaiverKey, ""); err != nil {
			return prove.Gate{}, fmt.Errorf("--waiver-key: %w", err)
		}
	}
	return process.ProofGate(signers)
}

// proveBook proves a book's own invariants and those that come with Wardgate. It
// shows how far it is on a terminal, and ends when it is interrupted.
//
// loaded is the same book, as the gate loaded it; nil where none did.
func proveBook(s *cli.Streams, f *waiverFlags, files rulebook.Files, loaded *rulebook.Book) (prove.Report, prove.Gate, error) {
	gate, err := f.gate()
	if err != nil {
		return prove.Report{}, gate, err
	}
	gate.Loaded = loaded
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	progress := cli.IsTerminal(s.Err)
	done := 0
	if progress {
		fmt.Fprint(s.Err, "analysing the rule book…")
	}
	report, err := gate.Prove(ctx, files, func(r prove.Result) {
		if done++; progress {
			fmt.Fprintf(s.Err, "\r\033[K%d: %s %s", done, r.Kind, r.Name)
		}
	})
	if progress {
		fmt.Fprint(s.Err, "\r\033[K")
	}
	return report, gate, err
}

// statement is what a report of this program comes to.
func statement(gate prove.Gate, files rulebook.Files, r *prove.Report) *prove.Statement {
	return gate.Statement(files, r, process.Program())
}

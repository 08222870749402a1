package command

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/wardgate/wardgate/policies"
)

type policyCommand struct {
	Check    policyCheck    `cmd:"" help:"Find every fault of a rule book."`
	Test     policyTest     `cmd:"" help:"Run a rule book's own tests."`
	Eval     policyEval     `cmd:"" help:"Ask a rule book about one request."`
	Explain  policyExplain  `cmd:"" help:"Say why a decision was made, and what would allow."`
	Replay   policyReplay   `cmd:"" help:"Ask a rule book again about every recorded decision."`
	Bundle   policyBundle   `cmd:"" help:"Check, test and sign a rule book as an OPA bundle, or verify one."`
	History  policyHistory  `cmd:"" help:"List the bundles that were in force in a running wardgate."`
	Rollback policyRollback `cmd:"" help:"Put an older bundle in force in a running wardgate, until a newer one arrives."`
}

// bookAt is the rule book in a folder, or the built-in one when none is named.
func bookAt(dir string) (fs.FS, error) {
	if dir == "" {
		return policies.FS, nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("rule book: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("rule book: %s is not a folder", dir)
	}
	return os.DirFS(dir), nil
}

// bookName is how the rule book is called in messages.
func bookName(dir string) string {
	if dir == "" {
		return "the built-in rule book"
	}
	return dir
}

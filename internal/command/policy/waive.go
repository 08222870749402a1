package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/waiver"
	"github.com/wardgate/wardgate/policies"
)

type waiveCommand struct {
	Invariant  string `arg:"" help:"never/NAME, must/NAME or monotone/NAME, of those that come with Wardgate."`
	Overlay    string `help:"The hospital's own folder, into which the waiver is written." required:"" placeholder:"DIR"`
	Reason     string `help:"Why the invariant may not hold here. The second signer leaves it out." placeholder:"TEXT"`
	Until      string `help:"The last day, at most a year from now. The second signer leaves it out." placeholder:"YYYY-MM-DD"`
	SigningKey string `help:"Private key in PEM of the person who signs." type:"path" required:"" placeholder:"FILE"`
	KeyID      string `help:"Name under which verifiers know the key." required:"" placeholder:"ID"`
}

func (waiveCommand) Help() string {
	return `An invariant that comes with Wardgate is proved of every rule book. Where it may not
hold, two people sign that, with a reason and an end:

  wardgate policy waive never/NAME --overlay DIR --reason TEXT --until 2027-01-31 \\
      --signing-key officer.pem --key-id officer
  wardgate policy waive never/NAME --overlay DIR --signing-key head.pem --key-id head

The first writes DIR/invariants/waivers/…, the second signs what stands there, and is
shown it. It counts where both public keys are known: --waiver-key officer=officer.pub
of check, prove and bundle, policy.waiver_keys of a server.`
}

// Run writes a waiver, or adds a signature to one.
func (c *waiveCommand) Run(s *cli.Streams) error {
	text, err := config.ReadSecretFile(c.SigningKey)
	if err != nil {
		return fmt.Errorf("--signing-key: %w", err)
	}
	signer, err := bundle.NewSigner(text, c.KeyID, "")
	if err != nil {
		return fmt.Errorf("--signing-key: %w", err)
	}
	base, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		return err
	}
	w, err := c.waiver(base)
	if err != nil {
		return err
	}
	if err := w.Sign(signer); err != nil {
		return err
	}
	file := filepath.Join(c.Overlay, filepath.FromSlash(w.Place()))
	if err := durable.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := durable.WriteFile(file, w.Bytes(), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "%s: %s is waived until %s, signed by %d of 2: %s\n", file, w.Invariant, w.Until, len(w.Signatures), w.Reason)
	return err
}

// waiver is the one that stands there, or a new one where a reason and an end are
// named. Another reason or end is another waiver, without a signature yet.
func (c *waiveCommand) waiver(base rulebook.Files) (*waiver.Waiver, error) {
	if c.Reason != "" || c.Until != "" {
		return waiver.New(c.Invariant, c.Reason, c.Until, base)
	}
	place := waiver.Place(c.Invariant)
	raw, err := os.ReadFile(filepath.Join(c.Overlay, filepath.FromSlash(place)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("expected --reason and --until: no waiver of this invariant stands there to be signed")
	}
	if err != nil {
		return nil, err
	}
	w, err := waiver.Parse(place, raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	return w, w.Current(base)
}

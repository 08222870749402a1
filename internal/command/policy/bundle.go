package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

type bundleCommand struct {
	waiverFlags
	Policies     string    `help:"Folder with the rule book, or BASE+OVERLAY (default: the built-in one)." placeholder:"DIR"`
	Out          string    `help:"Bundle to write." type:"path" placeholder:"FILE"`
	SigningKey   string    `help:"Private key in PEM: ECDSA on P-256, or RSA. Nobody but you may read it." type:"path" placeholder:"FILE"`
	KeyID        string    `help:"Name under which verifiers know the key." default:"wardgate" placeholder:"ID"`
	Scope        string    `help:"Scope that the bundle is signed for." placeholder:"TEXT"`
	RevisionTime time.Time `help:"The bundle's version, RFC 3339 (default: now). A bundle replaces older ones only." placeholder:"TIME"`
	NoTests      bool      `help:"Leave the tests out. They are run now all the same."`

	Verify          string `help:"Verify this bundle instead, and print what is in it." type:"path" placeholder:"FILE"`
	VerificationKey string `help:"Public key in PEM, with --verify." type:"path" placeholder:"FILE"`
	Output          string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run writes a bundle, or verifies one.
func (c *bundleCommand) Run(s *cli.Streams) error {
	if c.Verify != "" {
		return c.verify(s)
	}
	if c.Out == "" || c.SigningKey == "" {
		return errors.New("expected --out and --signing-key, or --verify and --verification-key")
	}
	files, proof, err := c.checked(s)
	if err != nil {
		return err
	}
	text, err := config.ReadSecretFile(c.SigningKey)
	if err != nil {
		return fmt.Errorf("--signing-key: %w", err)
	}
	signer, err := bundle.NewSigner(text, c.KeyID, c.Scope)
	if err != nil {
		return fmt.Errorf("--signing-key: %w", err)
	}
	version := c.RevisionTime
	if version.IsZero() {
		version = time.Now()
	}
	packed, err := bundle.Write(files, proof, version, signer)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(c.Out, packed, 0o644); err != nil {
		return err
	}
	digest := sha256.Sum256(packed)
	return c.describe(s, c.Out, &bundle.Bundle{
		Files: files, Digest: hex.EncodeToString(digest[:]), Version: version.UTC().Truncate(time.Microsecond),
		Revision: files.Revision(), Key: c.KeyID, Scope: c.Scope, Packed: packed, Proof: proof,
	})
}

// checked reads the rule book, and refuses it for what `policy check` and
// `policy test` find.
func (c *bundleCommand) checked(s *cli.Streams) (rulebook.Files, *prove.Statement, error) {
	fsys, err := bookAt(c.Policies)
	if err != nil {
		return nil, nil, err
	}
	loaded, found := bookGate().Folder(context.Background(), fsys)
	if c.faults(s, found) {
		return nil, nil, errors.New("the rule book has faults; no bundle is written")
	}
	files, err := c.tested(s, fsys)
	if err != nil {
		return nil, nil, err
	}
	report, gate, err := proveBook(s, &c.waiverFlags, files, loaded)
	if err != nil {
		return nil, nil, fmt.Errorf("the rule book is not proved, and no bundle is written: %w", err)
	}
	if c.faults(s, report.Findings()) {
		return nil, nil, errors.New("the rule book is not proved; no bundle is written")
	}
	return files, statement(gate, files, &report), nil
}

// faults prints what was found, and reports whether some of it refuses the book.
func (c *bundleCommand) faults(s *cli.Streams, found []rulebook.Finding) (refused bool) {
	for _, f := range found {
		f.File = placeOf(c.Policies, f.File)
		fmt.Fprintln(s.Err, f)
		refused = refused || !f.Note
	}
	return refused
}

func (c *bundleCommand) tested(s *cli.Streams, fsys fs.FS) (rulebook.Files, error) {
	files, err := rulebook.ReadFiles(fsys)
	if err != nil {
		return nil, err
	}
	report, err := analysis.TestFiles(context.Background(), files, analysis.TestOptions{})
	if err != nil {
		return nil, err
	}
	if !report.OK() {
		printTests(&cli.Streams{Out: s.Err}, &report)
		return nil, errors.New("tests of the rule book fail; no bundle is written")
	}
	for name := range files {
		if c.NoTests && strings.HasSuffix(name, "_test.rego") {
			delete(files, name)
		}
	}
	return files, nil
}

func (c *bundleCommand) verify(s *cli.Streams) error {
	if c.VerificationKey == "" || c.Out != "" || c.SigningKey != "" {
		return errors.New("expected --verification-key beside --verify, and nothing that signs")
	}
	key, err := os.ReadFile(c.VerificationKey)
	if err != nil {
		return fmt.Errorf("--verification-key: %w", err)
	}
	trust, err := bundle.NewTrust(map[string][]byte{c.KeyID: key}, c.Scope)
	if err != nil {
		return fmt.Errorf("--verification-key: %w", err)
	}
	packed, err := cli.ReadAtMost(c.Verify, bundle.MaxPacked+1)
	if err != nil {
		return err
	}
	b, err := trust.Read(packed)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Verify, err)
	}
	return c.describe(s, c.Verify, b)
}

func (c *bundleCommand) describe(s *cli.Streams, file string, b *bundle.Bundle) error {
	gate, err := c.gate()
	if err != nil {
		return err
	}
	proof := "of this book, by this Wardgate's analyser"
	switch {
	case b.Proof == nil:
		proof = "none: a server proves it beside serving"
	default:
		if err := gate.Check(b.Files, b.Proof); err != nil {
			proof = err.Error()
		}
	}
	if c.Output == "json" {
		return cli.PrintJSON(s.Out, struct {
			File     string           `json:"file"`
			Version  time.Time        `json:"version"`
			Revision string           `json:"revision"`
			Rules    string           `json:"rules"`
			Digest   string           `json:"digest"`
			Key      string           `json:"key_id"`
			Scope    string           `json:"scope,omitempty"`
			Files    int              `json:"files"`
			Tests    int              `json:"test_files"`
			Bytes    int              `json:"bytes"`
			Proof    *prove.Statement `json:"proof"`
			Checked  string           `json:"proof_is"`
		}{file, b.Version, b.Revision, b.Files.Revision(), b.Digest, b.Key, b.Scope, len(b.Files), b.Files.Tests(), len(b.Packed), b.Proof, proof})
	}
	fmt.Fprintf(s.Out, "%s\n", file)
	fmt.Fprintf(s.Out, "  version    %s\n", b.Version.Format(time.RFC3339Nano))
	fmt.Fprintf(s.Out, "  revision   %s\n", b.Revision)
	if rules := b.Files.Revision(); rules != b.Revision {
		fmt.Fprintf(s.Out, "  rules      %s (what decisions bear)\n", rules)
	}
	fmt.Fprintf(s.Out, "  SHA-256    %s\n", b.Digest)
	fmt.Fprintf(s.Out, "  signed by  %s%s\n", b.Key, scoped(b.Scope))
	fmt.Fprintf(s.Out, "  holds      %s, %s, %d bytes\n", counted(len(b.Files)-b.Files.Tests(), "rule file"),
		counted(b.Files.Tests(), "test file"), len(b.Packed))
	if b.Proof != nil {
		fmt.Fprintf(s.Out, "  proved     %s, by analyser %s of wardgate %s\n", counted(b.Proof.Proved, "invariant"), b.Proof.Analyser, b.Proof.Program)
	}
	fmt.Fprintf(s.Out, "  proof      %s\n", proof)
	return nil
}

func scoped(scope string) string {
	if scope == "" {
		return ""
	}
	return ", for the scope " + scope
}

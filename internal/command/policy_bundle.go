package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

type policyBundle struct {
	Policies     string    `help:"Folder with the rule book (default: the built-in one)." placeholder:"DIR"`
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
func (c *policyBundle) Run(s *streams) error {
	if c.Verify != "" {
		return c.verify(s)
	}
	if c.Out == "" || c.SigningKey == "" {
		return errors.New("expected --out and --signing-key, or --verify and --verification-key")
	}
	files, err := c.checked(s)
	if err != nil {
		return err
	}
	text, err := readPrivate(c.SigningKey)
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
	packed, err := bundle.Write(files, version, signer)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(c.Out, packed, 0o644); err != nil {
		return err
	}
	digest := sha256.Sum256(packed)
	return c.describe(s, c.Out, &bundle.Bundle{
		Files: files, Digest: hex.EncodeToString(digest[:]), Version: version.UTC().Truncate(time.Microsecond),
		Revision: files.Revision(), Key: c.KeyID, Scope: c.Scope, Packed: packed,
	})
}

// checked reads the rule book, and refuses it for what `policy check` and
// `policy test` find.
func (c *policyBundle) checked(s *streams) (rulebook.Files, error) {
	fsys, err := bookAt(c.Policies)
	if err != nil {
		return nil, err
	}
	for _, f := range rulebook.Check(context.Background(), fsys, points.Sections()) {
		f.File = filepath.Join(c.Policies, f.File)
		fmt.Fprintln(s.err, f)
		err = errors.New("the rule book has faults; no bundle is written")
	}
	if err != nil {
		return nil, err
	}
	return c.tested(s, fsys)
}

func (c *policyBundle) tested(s *streams, fsys fs.FS) (rulebook.Files, error) {
	files, err := rulebook.ReadFiles(fsys)
	if err != nil {
		return nil, err
	}
	report, err := analysis.TestFiles(context.Background(), files, analysis.TestOptions{})
	if err != nil {
		return nil, err
	}
	if !report.OK() {
		printTests(&streams{out: s.err}, &report)
		return nil, errors.New("tests of the rule book fail; no bundle is written")
	}
	for name := range files {
		if c.NoTests && strings.HasSuffix(name, "_test.rego") {
			delete(files, name)
		}
	}
	return files, nil
}

func (c *policyBundle) verify(s *streams) error {
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
	packed, err := readAtMost(c.Verify, bundle.MaxPacked+1)
	if err != nil {
		return err
	}
	b, err := trust.Read(packed)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Verify, err)
	}
	return c.describe(s, c.Verify, b)
}

func (c *policyBundle) describe(s *streams, file string, b *bundle.Bundle) error {
	if c.Output == "json" {
		return printJSON(s.out, struct {
			File     string    `json:"file"`
			Version  time.Time `json:"version"`
			Revision string    `json:"revision"`
			Rules    string    `json:"rules"`
			Digest   string    `json:"digest"`
			Key      string    `json:"key_id"`
			Scope    string    `json:"scope,omitempty"`
			Files    int       `json:"files"`
			Tests    int       `json:"test_files"`
			Bytes    int       `json:"bytes"`
		}{file, b.Version, b.Revision, b.Files.Revision(), b.Digest, b.Key, b.Scope, len(b.Files), b.Files.Tests(), len(b.Packed)})
	}
	fmt.Fprintf(s.out, "%s\n", file)
	fmt.Fprintf(s.out, "  version    %s\n", b.Version.Format(time.RFC3339Nano))
	fmt.Fprintf(s.out, "  revision   %s\n", b.Revision)
	if rules := b.Files.Revision(); rules != b.Revision {
		fmt.Fprintf(s.out, "  rules      %s (what decisions bear)\n", rules)
	}
	fmt.Fprintf(s.out, "  SHA-256    %s\n", b.Digest)
	fmt.Fprintf(s.out, "  signed by  %s%s\n", b.Key, scoped(b.Scope))
	fmt.Fprintf(s.out, "  holds      %s, %s, %d bytes\n", counted(len(b.Files)-b.Files.Tests(), "rule file"),
		counted(b.Files.Tests(), "test file"), len(b.Packed))
	return nil
}

func scoped(scope string) string {
	if scope == "" {
		return ""
	}
	return ", for the scope " + scope
}

package process

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/version"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/proofs"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/waiver"
	"github.com/wardgate/wardgate/policies"
)

// ProofGate proves of every rule book what comes with Wardgate, and the book's own
// invariants. Waivers count that two of the keys signed; nil is none.
func ProofGate(waivers *bundle.Trust) (prove.Gate, error) {
	base, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		return prove.Gate{}, fmt.Errorf("the invariants that come with Wardgate: %w", err)
	}
	return prove.Gate{Points: points.Sections(), Base: base, Waivers: waiver.Reader{Base: base, Trust: waivers}.Read}, nil
}

// How long after the start a proof begins. The program's own book was proved by the
// tests of its build.
const (
	afterStart      = time.Second
	afterStartOfOwn = 10 * time.Second
)

// Program says which program proves.
func Program() string {
	v := version.Get()
	return v.Version + " (" + v.Commit + ")"
}

func (b *book) openProofs() error {
	signers, err := b.config.Policy.Waivers()
	if err != nil {
		return fmt.Errorf("policy.waiver_keys: %w", err)
	}
	gate, err := ProofGate(signers)
	if err != nil {
		return err
	}
	b.proofs = proofs.New(proofs.Config{
		Gate: gate, Program: Program(), Require: b.config.Policy.RequireProof, Log: b.log.With("part", "policy"),
	})
	return nil
}

// admit reports whether a book from a folder may come into force.
func (b *book) admit(ctx context.Context, files rulebook.Files) error {
	return b.proofs.Admit(ctx, proofs.Subject{Files: files})
}

// admitBundle does so of a delivered one. The last good one is resumed at a start.
func (b *book) admitBundle(ctx context.Context, delivered *bundle.Bundle, resumed bool) error {
	return b.proofs.Admit(ctx, proofs.Subject{Files: delivered.Files, Stated: delivered.Proof, Resumed: resumed})
}

// prove keeps the proof of the book in force, beside serving.
func (b *book) prove(ctx context.Context) {
	delay := afterStart
	if b.builtIn() && b.bundles == nil {
		delay = afterStartOfOwn
	}
	b.proofs.Run(ctx, delay, b.inForce)
}

// inForce is the book that decides, with the invariants that stand beside it.
func (b *book) inForce() (proofs.Subject, error) {
	if b.bundles != nil {
		now := b.bundles.InForce()
		return proofs.Subject{Files: now.Files, Stated: now.Proof}, nil
	}
	files, err := rulebook.ReadFiles(b.files())
	if err != nil {
		return proofs.Subject{}, err
	}
	_, rules := b.engine.Rules()
	whole := prove.Invariants(files)
	maps.Copy(whole, rules)
	return proofs.Subject{Files: whole}, nil
}

// proof is what operators see of it.
func (b *book) proof(revision string) *health.Proof {
	s := b.proofs.Status(revision)
	return &health.Proof{
		Revision: s.Revision, State: string(s.State), By: s.By, Since: s.Since, Invariants: s.Invariants,
		Lacks: s.Lacks, Error: s.Error, Unstated: s.Unstated,
	}
}

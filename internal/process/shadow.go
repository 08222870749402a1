package process

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/shadow"
	"github.com/wardgate/wardgate/pep/route"
)

// openShadow makes the candidate that is compared with the rule book in force, nil
// for none. Whether it can be asked is found out beside serving.
func (b *book) openShadow() *shadow.Shadow {
	source := b.config.Policy.Shadow
	if source == "" {
		return nil
	}
	read := func() (rulebook.Files, error) { return rulebook.ReadFiles(os.DirFS(source)) }
	if config.IsBundle(source) {
		read = func() (rulebook.Files, error) { return b.readBundle(source) }
	}
	return shadow.New(shadow.Config{
		Source: source, Read: read, Points: points.Sections(), Log: b.log.With("part", "policy"),
		Routes: func(t *pdp.Tables) (analysis.Router, error) { return route.Recorded(t) },
		Live:   b.Tables, Timeout: b.config.DecisionTime(),
	})
}

// readBundle reads a candidate that is a bundle, which is verified like one that would
// come into force: by the keys and for the scope of the configuration.
func (b *book) readBundle(file string) (rulebook.Files, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	packed, err := io.ReadAll(io.LimitReader(f, bundle.MaxPacked+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	trust, err := b.config.Policy.Trust()
	if err != nil {
		return nil, fmt.Errorf("%w: policy.verification_keys: %w", shadow.ErrRefused, err)
	}
	candidate, err := trust.Read(packed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", shadow.ErrRefused, err)
	}
	return candidate.Files, nil
}

// shadowed is what auditors see of it, nil for none.
func (b *book) shadowed() any {
	if b.shadow == nil {
		return nil
	}
	return b.shadow.Status()
}

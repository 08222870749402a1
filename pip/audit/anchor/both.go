package anchor

import (
	"context"
	"errors"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// Both keeps a head in two places, and knows the later of what they keep.
type Both [2]Anchor

var _ Anchor = Both{}

// Store fails when either does: a newer head may be kept in one alone.
func (b Both) Store(ctx context.Context, h chain.Head) error {
	return errors.Join(b[0].Store(ctx, h), b[1].Store(ctx, h))
}

// Replace keeps a head in both in place of any other.
func (b Both) Replace(ctx context.Context, h chain.Head) error {
	return errors.Join(b[0].Replace(ctx, h), b[1].Replace(ctx, h))
}

// Latest is the later of the two, or ErrNoAnchor when neither keeps one.
func (b Both) Latest(ctx context.Context, name string) (chain.Head, error) {
	var newest chain.Head
	found := false
	for _, one := range b {
		h, err := one.Latest(ctx, name)
		switch {
		case errors.Is(err, ErrNoAnchor):
			continue
		case err != nil:
			return chain.Head{}, err
		}
		if !found || h.Seq > newest.Seq {
			newest, found = h, true
		}
	}
	if !found {
		return chain.Head{}, ErrNoAnchor
	}
	return newest, nil
}

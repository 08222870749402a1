package audit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

// A Loss is what a person answered for.
type Loss struct {
	Chain    string `json:"chain"`
	Anchored uint64 `json:"anchored"`            // seq of the record that the anchor proves; 0 without one
	Found    uint64 `json:"found"`               // seq of the last record that was there; 0 when none could be used
	SetAside string `json:"set_aside,omitempty"` // where the unusable folder stands now
	Reason   string `json:"reason"`
	Problem  string `json:"problem"` // why the journal had been refused
}

var (
	errWhole  = errors.New("nothing is lost: the journal opens, and holds what its anchor proves")
	errReason = errors.New("a reason is needed: one line of 1 to 200 characters, kept in the journal")
)

// AcceptLoss lets a journal go on that Open refuses because records are gone or
// do not verify. The caller answers for that with a reason. What can be
// read is kept: a journal that merely ends too early is continued; any other
// folder is set aside whole, beside a new one. The first record says what was
// lost, and why it was accepted; then the anchor names the new end. A journal
// that opens is left alone.
func AcceptLoss(ctx context.Context, cfg Config, a anchor.Anchor, reason string) (Loss, error) {
	if reason == "" || len(reason) > 200 || !utf8.ValidString(reason) || strings.ContainsFunc(reason, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return Loss{}, errReason
	}
	cfg, err := cfg.complete()
	if err != nil {
		return Loss{}, err
	}
	if cfg.Anchored, err = anchor.Latest(ctx, a, cfg.Chain); err != nil {
		return Loss{}, err
	}
	loss := Loss{Chain: cfg.Chain, Reason: reason}
	if cfg.Anchored != nil {
		loss.Anchored = cfg.Anchored.Seq
	}
	whole, refused := Open(cfg)
	switch {
	case refused == nil:
		return Loss{}, errors.Join(errWhole, whole.Close())
	case !lost(refused):
		return Loss{}, refused
	}
	loss.Problem = strings.TrimSuffix(refused.Error(), ": "+advice)
	j, err := loss.reopen(cfg)
	if err != nil {
		return loss, err
	}
	if err := loss.record(ctx, j); err != nil {
		return loss, errors.Join(err, j.Close())
	}
	if err := j.Close(); err != nil {
		return loss, err
	}
	return loss, a.Replace(ctx, j.Head())
}

// lost tells a journal that was harmed from one that cannot be opened now.
func lost(err error) bool {
	for _, kind := range []error{ErrRolledBack, ErrAnchor, chain.ErrShort, chain.ErrBroken, chain.ErrHead, chain.ErrKey} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// reopen opens the journal without its anchor, or a new one in its place.
func (l *Loss) reopen(cfg Config) (*Journal, error) {
	cfg.Anchored = nil
	j, err := Open(cfg)
	if err == nil {
		l.Found = max(1, j.Head().Seq) - 1 // its last record is the one of this opening
		return j, nil
	}
	if !lost(err) {
		return nil, err
	}
	aside := filepath.Clean(cfg.Dir) + ".lost-" + time.Now().UTC().Format("20060102T150405")
	if err := durable.Rename(cfg.Dir, aside); err != nil {
		return nil, fmt.Errorf("set the journal aside: %w", err)
	}
	l.SetAside = filepath.Base(aside)
	return Open(cfg)
}

func (l *Loss) record(ctx context.Context, j *Journal) error {
	e, err := systemEvent(actionLoss, "loss_accepted", l)
	if err != nil {
		return err
	}
	return j.Append(ctx, e)
}

// Package pass lets staff in who have lost their second factor, for one shift, on
// the word of others: an officer, or two colleagues. It keeps who gave the word, and
// a keyed hash of the code that the person is told. Who may give it is for the policy
// administrator to say; a pass stands beside the password, never in its place.
package pass

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

const (
	codeSize = 12               // letters of five bits each
	openFor  = 15 * time.Minute // a proposal waits for the second colleague, and a code for its use
	maxShift = 24 * time.Hour
)

// ErrGone says that there is no such proposal, or that its time is over.
var ErrGone error = &pip.Refusal{Reason: "pass_gone"}

// A Pass as it is stored.
type Pass struct {
	ID        string
	Account   string
	First     pip.Sponsor // who gave the word
	Second    pip.Sponsor // and the second colleague; zero for a proposal, and beside an officer
	Mark      string      // keyed hash of the code; "" for a proposal
	Expires   time.Time
	ShiftEnds time.Time
}

// A Store keeps passes. Each change is one atomic statement.
type Store interface {
	// AddPass stores p in place of what is over, and of an earlier proposal of p.First.ID.
	AddPass(ctx context.Context, p Pass, now time.Time) error
	Pass(ctx context.Context, id string) (Pass, error) // identity.ErrNotFound
	// IssuePass makes the proposal p.ID a pass, if it is open at now, and voids every
	// other of the account that was not used; or reports false.
	IssuePass(ctx context.Context, p Pass, now time.Time) (bool, error)
	// UsePass uses a pass up, once.
	UsePass(ctx context.Context, account, mark string, now time.Time) (bool, error)
	// UsedPass is the pass that was used last, or identity.ErrNotFound.
	UsedPass(ctx context.Context, account string) (Pass, error)
}

// Passes issues passes, and takes their codes.
type Passes struct {
	store Store
	vault *vault.Vault
	shift func() time.Duration
	now   func() time.Time
}

var _ identity.Passes = (*Passes)(nil)

// New returns passes in store. shift is asked each time how long one holds; with 0
// none is issued. A nil now is the wall clock.
func New(store Store, vault *vault.Vault, shift func() time.Duration, now func() time.Time) *Passes {
	if now == nil {
		now = time.Now
	}
	return &Passes{store: store, vault: vault, shift: shift, now: now}
}

// Propose keeps the word of the first, and returns the proposal.
func (p *Passes) Propose(ctx context.Context, account string, first pip.Sponsor) (id string, expires time.Time, err error) {
	if account == "" || first.ID == "" || account == first.ID {
		return "", time.Time{}, errors.New("propose pass: no account, or its own word")
	}
	unique, err := uuid.NewV7()
	if err != nil {
		return "", time.Time{}, fmt.Errorf("propose pass: %w", err)
	}
	proposal := Pass{ID: unique.String(), Account: account, First: first, Expires: p.now().Add(openFor)}
	return proposal.ID, proposal.Expires, p.store.AddPass(ctx, proposal, p.now())
}

// Proposed returns the owner and the proposer of a pass, or ErrGone.
func (p *Passes) Proposed(ctx context.Context, id string) (account string, first pip.Sponsor, err error) {
	found, err := p.store.Pass(ctx, id)
	if errors.Is(err, identity.ErrNotFound) || err == nil && (found.Mark != "" || !found.Expires.After(p.now())) {
		return "", pip.Sponsor{}, ErrGone
	}
	return found.Account, found.First, err
}

// Issue makes a proposal a pass, on the word of a second, zero beside an officer's. The
// code is returned this once: it is told to the person. It is good for a quarter of an
// hour, for one log-in beside the password; the session ends with the shift.
func (p *Passes) Issue(ctx context.Context, id string, second pip.Sponsor) (code string, shiftEnds time.Time, err error) {
	proposal, err := p.store.Pass(ctx, id)
	if err != nil {
		return "", time.Time{}, ErrGone
	}
	shift := p.shift()
	if shift <= 0 || shift > maxShift || second.ID == proposal.First.ID || second.ID == proposal.Account {
		return "", time.Time{}, &pip.Refusal{Reason: "pass_unfit", Account: proposal.Account}
	}
	now := p.now()
	plain := rand.Text()[:codeSize]
	if proposal.Mark, err = p.vault.Mark(place(proposal.Account), plain); err != nil {
		return "", time.Time{}, fmt.Errorf("issue pass: %w", err)
	}
	proposal.Second, proposal.Expires, proposal.ShiftEnds = second, now.Add(openFor), now.Add(shift)
	issued, err := p.store.IssuePass(ctx, proposal, now)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issue pass: %w", err)
	}
	if !issued {
		return "", time.Time{}, ErrGone
	}
	return plain[:4] + "-" + plain[4:8] + "-" + plain[8:], proposal.ShiftEnds, nil
}

// Check uses the pass up whose code this is.
func (p *Passes) Check(ctx context.Context, account, answer string) (bool, error) {
	mark, err := p.vault.Mark(place(account), normal(answer))
	if err != nil {
		return false, err
	}
	return p.store.UsePass(ctx, account, mark, p.now())
}

// Fits reports whether an answer looks like the code of a pass.
func (*Passes) Fits(answer string) bool { return len(normal(answer)) == codeSize }

// Used says when the shift of the pass ends that was used last, and who gave the word
// for it. That they may still give it is for the policy administrator to find out.
func (p *Passes) Used(ctx context.Context, account string) (until time.Time, by []pip.Sponsor, err error) {
	used, err := p.store.UsedPass(ctx, account)
	if err != nil {
		return time.Time{}, nil, fmt.Errorf("pass that was used: %w", err)
	}
	by = []pip.Sponsor{used.First}
	if used.Second.ID != "" {
		by = append(by, used.Second)
	}
	return used.ShiftEnds, by, nil
}

func normal(answer string) string { return strings.ToUpper(strings.ReplaceAll(answer, "-", "")) }

func place(account string) string { return "pass/" + account }

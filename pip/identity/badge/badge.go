// Package badge keeps what people show at a ward's workstation: the number of a badge,
// which names them, and a PIN, which is theirs alone. Both are kept as keyed hashes. The
// two begin no session: they resume one that a whole log-in has begun, which is for the
// policy administrator to say.
package badge

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

const (
	// Tries is how many wrong PINs in a row shut a badge, from all workstations together.
	Tries = 3

	leastPIN, mostPIN       = 4, 12 // digits
	leastNumber, mostNumber = 4, 64 // characters
)

// The definite answers of this package.
var (
	// ErrRefused says that badge and PIN are not taken: the badge is unknown or shut, or the
	// PIN is wrong.
	ErrRefused = &pip.Refusal{Reason: "badge_refused"}
	// ErrTaken says that the badge is another account's.
	ErrTaken = &pip.Refusal{Reason: "badge_taken"}
	// ErrNumber and ErrPIN say that none can be like this.
	ErrNumber = &pip.Refusal{Reason: "badge_malformed"}
	ErrPIN    = &pip.Refusal{Reason: "pin_unfit"}
)

// A Badge is an account's, as it is stored.
type Badge struct {
	Account string
	Number  string // mark; "" until there is one
	PIN     string // mark; "" until there is one
}

// A Store keeps at most one badge of each account.
type Store interface {
	// PutBadge gives an account what is not "" of number and PIN, both or neither, in place of
	// its own, or answers ErrTaken. With a PIN the badge is shut no more.
	PutBadge(ctx context.Context, b Badge, at time.Time) error
	Badge(ctx context.Context, account string) (Badge, error) // identity.ErrNotFound
	// TryBadge counts a try, and returns the badge with the mark, or identity.ErrNotFound
	// when there is none that has a PIN and fewer tries than limit.
	TryBadge(ctx context.Context, mark string, limit int) (Badge, error)
	// OpenBadge forgets the tries of an account.
	OpenBadge(ctx context.Context, account string) error
	DropBadge(ctx context.Context, account string) error
}

// Badges keeps badges and PINs.
type Badges struct {
	store Store
	vault *vault.Vault
	now   func() time.Time
}

// New returns badges in store. A nil now is the wall clock.
func New(store Store, vault *vault.Vault, now func() time.Time) *Badges {
	if now == nil {
		now = time.Now
	}
	return &Badges{store: store, vault: vault, now: now}
}

// Set gives an account a badge and a PIN, "" for what stays as it is. With ErrNumber,
// ErrTaken or ErrPIN neither is set. A PIN is 4 to 12 digits, neither all the same nor in a
// row. ErrNumber is for neither, too.
func (b *Badges) Set(ctx context.Context, account, number, pin string) error {
	set := Badge{Account: account}
	var err error
	if number != "" || pin == "" {
		if set.Number, err = b.number(number); err != nil {
			return err
		}
	}
	if pin != "" {
		if !fit(pin) {
			return ErrPIN
		}
		if set.PIN, err = b.pin(account, pin); err != nil {
			return err
		}
	}
	return b.store.PutBadge(ctx, set, b.now())
}

// Has reports what an account has.
func (b *Badges) Has(ctx context.Context, account string) (number, pin bool, err error) {
	has, err := b.store.Badge(ctx, account)
	if errors.Is(err, identity.ErrNotFound) {
		return false, false, nil
	}
	return has.Number != "", has.PIN != "", err
}

// Prove returns the account whose badge and PIN these are. A try is counted before it is
// looked at, so that of any number of guesses at once Tries are. ErrRefused names the
// account for the journal.
func (b *Badges) Prove(ctx context.Context, number, pin string) (account string, err error) {
	mark, err := b.number(number)
	if errors.Is(err, ErrNumber) {
		return "", ErrRefused
	}
	if err != nil {
		return "", err
	}
	has, err := b.store.TryBadge(ctx, mark, Tries)
	if errors.Is(err, identity.ErrNotFound) {
		return "", ErrRefused
	}
	if err != nil {
		return "", err
	}
	shown, err := b.pin(has.Account, pin)
	if err != nil {
		return "", err
	}
	if has.PIN == "" || subtle.ConstantTimeCompare([]byte(shown), []byte(has.PIN)) != 1 {
		return "", &pip.Refusal{Reason: ErrRefused.Reason, Account: has.Account}
	}
	return has.Account, b.store.OpenBadge(ctx, has.Account)
}

// Open takes a badge again that was shut, after a whole log-in of its owner.
func (b *Badges) Open(ctx context.Context, account string) error {
	return b.store.OpenBadge(ctx, account)
}

// Remove takes badge and PIN away.
func (b *Badges) Remove(ctx context.Context, account string) error {
	return b.store.DropBadge(ctx, account)
}

// number is the mark of a badge. Readers type the same number with and without blanks and
// in either case.
func (b *Badges) number(number string) (string, error) {
	number = strings.ToUpper(strings.Join(strings.Fields(number), ""))
	if len(number) < leastNumber || len(number) > mostNumber || strings.ContainsFunc(number, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && r != '-'
	}) {
		return "", ErrNumber
	}
	return b.vault.Mark("badge", number)
}

func (b *Badges) pin(account, pin string) (string, error) {
	mark, err := b.vault.Mark("pin/"+account, pin)
	if err != nil {
		return "", fmt.Errorf("mark a PIN: %w", err)
	}
	return mark, nil
}

// fit reports whether a PIN may be chosen.
func fit(pin string) bool {
	if len(pin) < leastPIN || len(pin) > mostPIN {
		return false
	}
	same, up, down := true, true, true
	for i := range len(pin) {
		if pin[i] < '0' || pin[i] > '9' {
			return false
		}
		if i > 0 {
			step := int(pin[i]) - int(pin[i-1])
			same, up, down = same && step == 0, up && step == 1, down && step == -1
		}
	}
	return !same && !up && !down
}

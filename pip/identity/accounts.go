package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity/password"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

// maxPage is the most accounts that List returns at once.
const maxPage = 500

// Accounts is the register of accounts, for operators and for Authenticator.
type Accounts struct {
	store AccountStore
	vault *vault.Vault
	roles func() pip.Roles
	now   func() time.Time
}

// NewAccounts returns the register over store. Accounts have the roles of the
// active rule book: roles is asked each time. A nil now is the wall clock.
func NewAccounts(store AccountStore, vault *vault.Vault, roles func() pip.Roles, now func() time.Time) *Accounts {
	if now == nil {
		now = time.Now
	}
	return &Accounts{store: store, vault: vault, roles: roles, now: now}
}

// NewAccount is what Add needs. Role and Standing have no default.
type NewAccount struct {
	Username     string
	Email        string
	PasswordHash string // from HashPassword
	Role         string
	Standing     pip.Account
	Staff        string
	Patient      string
	Department   string
}

// Add creates an account, or returns ErrEmail or ErrTaken.
func (a *Accounts) Add(ctx context.Context, n NewAccount) (pip.Profile, error) {
	email, err := ParseEmail(n.Email)
	if err != nil {
		return pip.Profile{}, fmt.Errorf("add account: %w", err)
	}
	if err := errors.Join(checkUsername(n.Username), a.checkRole(n.Role), checkStanding(n.Standing), password.CheckHash(n.PasswordHash)); err != nil {
		return pip.Profile{}, fmt.Errorf("add account: %w", err)
	}
	if a.roles()[n.Role].Kind == pip.RoleMachine && (n.Staff != "" || n.Patient != "") {
		return pip.Profile{}, errors.New("add account: a machine has no person's record: leave staff and patient out")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return pip.Profile{}, fmt.Errorf("add account: %w", err)
	}
	r := Record{
		ID: id.String(), Username: strings.ToLower(n.Username), PasswordHash: n.PasswordHash,
		Role: n.Role, Standing: n.Standing,
		Staff: n.Staff, Patient: n.Patient, Department: n.Department, Created: a.now(),
	}
	if r.EmailIndex, err = a.vault.Index(email); err != nil {
		return pip.Profile{}, fmt.Errorf("add account: %w", err)
	}
	if r.EmailSealed, err = a.vault.SealEmail(r.ID, email); err != nil {
		return pip.Profile{}, fmt.Errorf("add account: %w", err)
	}
	if err := a.store.AddAccount(ctx, r); err != nil {
		return pip.Profile{}, fmt.Errorf("add account: %w", err)
	}
	return profile(r, email), nil
}

// CheckKeys refuses keys that are not those of the accounts that are there: with
// another index no account is found by its address, and with another seal none can
// be told. It asks one account.
func (a *Accounts) CheckKeys(ctx context.Context) error {
	some, err := a.store.Accounts(ctx, "", 1)
	if err != nil {
		return fmt.Errorf("check the keys of accounts: %w", err)
	}
	for _, r := range some {
		email, err := a.vault.OpenEmail(r.ID, r.EmailSealed)
		if err != nil {
			return fmt.Errorf("%s is not the key that sealed the accounts; restore it from a backup", vault.SealFile)
		}
		index, err := a.vault.Index(email)
		if err != nil {
			return fmt.Errorf("check the keys of accounts: %w", err)
		}
		if index != r.EmailIndex {
			return fmt.Errorf("%s is not the key by which the accounts are found; restore it from a backup", vault.IndexFile)
		}
	}
	return nil
}

// Account returns one account, or ErrNotFound.
func (a *Accounts) Account(ctx context.Context, id string) (pip.Profile, error) {
	r, err := a.store.Account(ctx, id)
	if err != nil {
		return pip.Profile{}, fmt.Errorf("account %s: %w", id, err)
	}
	return a.profile(r)
}

// Addressed returns the ids of the accounts that have the e-mail addresses. One
// without an account, or no address, is not in it.
func (a *Accounts) Addressed(ctx context.Context, emails []string) (map[string]string, error) {
	indexes := make([]string, 0, len(emails))
	of := map[string][]string{} // index -> spellings
	for _, text := range emails {
		email, err := ParseEmail(text)
		if err != nil {
			continue
		}
		index, err := a.vault.Index(email)
		if err != nil {
			return nil, fmt.Errorf("look for e-mail addresses: %w", err)
		}
		if of[index] == nil {
			indexes = append(indexes, index)
		}
		of[index] = append(of[index], text)
	}
	found, err := a.store.AccountsByEmail(ctx, indexes)
	if err != nil {
		return nil, fmt.Errorf("look for e-mail addresses: %w", err)
	}
	ids := make(map[string]string, len(found))
	for index, id := range found {
		for _, text := range of[index] {
			ids[text] = id
		}
	}
	return ids, nil
}

// List returns at most limit accounts in the order of their ids, beginning
// behind the id after; with "" from the first.
func (a *Accounts) List(ctx context.Context, after string, limit int) ([]pip.Profile, error) {
	records, err := a.store.Accounts(ctx, after, min(max(limit, 1), maxPage))
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	profiles := make([]pip.Profile, 0, len(records))
	for _, r := range records {
		p, err := a.profile(r)
		if err != nil {
			return nil, fmt.Errorf("list accounts: %w", err)
		}
		profiles = append(profiles, p)
	}
	return profiles, nil
}

func (a *Accounts) profile(r Record) (pip.Profile, error) {
	email, err := a.vault.OpenEmail(r.ID, r.EmailSealed)
	if err != nil {
		return pip.Profile{}, err
	}
	return profile(r, email), nil
}

func profile(r Record, email string) pip.Profile {
	return pip.Profile{
		ID: r.ID, Username: r.Username, Email: email, Role: r.Role, Standing: r.Standing,
		Staff: r.Staff, Patient: r.Patient, Department: r.Department,
	}
}

func checkUsername(name string) error {
	if len(name) < 2 || len(name) > 64 || !printableASCII(name) {
		return errors.New("a username has 2 to 64 printable characters without blanks")
	}
	return nil
}

func (a *Accounts) checkRole(role string) error {
	roles := a.roles()
	if roles[role].Kind == "" {
		return fmt.Errorf("the role is none of %s", strings.Join(roles.Names(), ", "))
	}
	return nil
}

func checkStanding(s pip.Account) error {
	if !slices.Contains([]pip.Account{pip.AccountActive, pip.AccountPending, pip.AccountDisabled}, s) {
		return errors.New("the standing is none of active, pending, disabled")
	}
	return nil
}

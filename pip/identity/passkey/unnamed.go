package passkey

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

const (
	timeBytes   = 8
	randomBytes = 16
)

// Ask makes a challenge for somebody who names no account, for the passkeys that
// browsers offer by themselves. It is stored nowhere, so that strangers fill nothing
// by asking: its name says when it was made, under a keyed hash, and what is to be
// signed is a hash of the name.
func (p *Passkeys) Ask(context.Context) (pip.Challenge, error) {
	now := p.now()
	plain := make([]byte, timeBytes+randomBytes)
	binary.BigEndian.PutUint64(plain, uint64(now.UnixMicro()))
	rand.Read(plain[timeBytes:]) // never fails: the program ends when the system has no randomness
	text := base64.RawURLEncoding.EncodeToString(plain)
	mark, err := p.vault.Mark("passkey/unnamed", text)
	if err != nil {
		return pip.Challenge{}, err
	}
	name := identity.Unnamed + text + "." + mark
	challenge := challengeOf(name)
	assertion, _, err := p.party.BeginDiscoverableLogin(webauthn.WithChallenge(challenge[:]))
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("ask for any passkey: %w", err)
	}
	shown, err := json.Marshal(assertion.Response)
	if err != nil {
		return pip.Challenge{}, fmt.Errorf("ask for any passkey: %w", err)
	}
	return pip.Challenge{
		ID: name, Methods: []string{method}, Expires: now.Add(life), Shown: map[string]json.RawMessage{method: shown},
	}, nil
}

func challengeOf(name string) [sha256.Size]byte {
	return sha256.Sum256([]byte("wardgate passkey challenge/" + name))
}

// issued is when a challenge of that name was made here; zero for one that was not, or
// that is over.
func (p *Passkeys) issued(name string) (time.Time, error) {
	text, mark, _ := strings.Cut(strings.TrimPrefix(name, identity.Unnamed), ".")
	want, err := p.vault.Mark("passkey/unnamed", text)
	if err != nil {
		return time.Time{}, err
	}
	if subtle.ConstantTimeCompare([]byte(mark), []byte(want)) != 1 {
		return time.Time{}, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(plain) != timeBytes+randomBytes {
		return time.Time{}, nil
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(plain)))
	if !p.now().Before(at.Add(life)) {
		return time.Time{}, nil
	}
	return at, nil
}

// Owner returns the account of the passkey that an answer names, "" when no account has
// it, and when the authenticator names another account.
func (p *Passkeys) Owner(ctx context.Context, answer string) (string, error) {
	given, ok := assertion(answer)
	if !ok {
		return "", nil
	}
	key, err := p.find(ctx, given.RawID)
	if err != nil || string(given.Response.UserHandle) != key.Account {
		return "", err
	}
	return key.Account, nil
}

// Prove judges an answer to a challenge of Ask. The challenge is used up by the first
// right signature, whatever else is wrong with it.
func (p *Passkeys) Prove(ctx context.Context, name, account, answer string) (string, error) {
	at, err := p.issued(name)
	if err != nil || at.IsZero() {
		return "", err
	}
	hash := challengeOf(name)
	challenge := protocol.URLEncodedBase64(hash[:]).String()
	signed, err := p.signed(ctx, account, challenge, answer)
	if err != nil || signed == nil {
		return "", err
	}
	first, err := p.store.UseUnnamed(ctx, hex.EncodeToString(hash[:]), at, at.Add(life))
	if err != nil || !first {
		return "", err
	}
	return p.use(ctx, signed, challenge)
}

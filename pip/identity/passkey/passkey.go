// Package passkey is the factor of passkeys (W3C Web Authentication, Level 3): keys
// that sign for one origin alone, in authenticators that verify their user each time.
// An account has several, each with a name. It keeps the public halves, sealed to
// their account, and never learns the private ones.
//
// Each challenge is of one ceremony: a log-in or a step-up of one account, a log-in
// that names none, or an enrolment in one session. It is random, lives for minutes and
// is good once; what was signed for another one, for another origin or by an
// authenticator that did not verify its user proves nothing.
package passkey

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/vault"
)

const (
	method = "passkey"
	life   = 5 * time.Minute // of a challenge
	most   = 20              // passkeys of one account
	// maxAnswer is the longest answer of an authenticator that is read, in bytes.
	maxAnswer = 16 << 10
)

// The refusals beside those of package identity.
var (
	// ErrRefused answers what no authenticator made for the challenge that was given to
	// this session, or one that does not verify its user.
	ErrRefused error = &pip.Refusal{Reason: "passkey_refused"}
	// ErrTaken says that the passkey is enrolled already.
	ErrTaken error = &pip.Refusal{Reason: "passkey_taken"}
	// ErrFull says that the account has as many passkeys as it may have.
	ErrFull error = &pip.Refusal{Reason: "passkeys_full"}
)

// Config is where passkeys are used.
type Config struct {
	// Origin is the one of the pages that ask for passkeys: "https://home.example",
	// with a port where it has one. Plain http is for localhost alone. Its host is
	// what passkeys are bound to: with another one, all of them are worth nothing.
	Origin string
	Name   string           // what authenticators show beside the host; "Wardgate" when empty
	Now    func() time.Time // the wall clock when nil
}

// Passkeys is the factor.
type Passkeys struct {
	accounts *identity.Accounts
	vault    *vault.Vault
	store    Store
	party    *webauthn.WebAuthn
	now      func() time.Time
}

var _ identity.Passkeys = (*Passkeys)(nil)

// New returns the factor over store, or an error that says what is wrong with the origin.
func New(accounts *identity.Accounts, vault *vault.Vault, store Store, cfg Config) (*Passkeys, error) {
	host, err := CheckOrigin(cfg.Origin)
	if err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	resident := true
	timeouts := webauthn.TimeoutConfig{Timeout: life, TimeoutUVD: life}
	party, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: cmp.Or(cfg.Name, "Wardgate"), RPOrigins: []string{cfg.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: &resident, ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeouts, Registration: timeouts},
		// Some authenticators send outputs that were not asked for. None is read.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Passkeys{accounts: accounts, vault: vault, store: store, party: party, now: cfg.Now}, nil
}

// CheckOrigin returns the host of an origin at which browsers use passkeys, or an
// error that says why they would not.
func CheckOrigin(origin string) (host string, err error) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != origin {
		return "", fmt.Errorf("passkeys: %q is no origin: expected one such as https://home.hospital.example", origin)
	}
	host = u.Hostname()
	switch {
	case net.ParseIP(host) != nil:
		return "", fmt.Errorf("passkeys: browsers bind none to an address such as %s: expected a name", host)
	case u.Scheme != "https" && (u.Scheme != "http" || host != "localhost"):
		return "", fmt.Errorf("passkeys: browsers use none at %s: expected https, or localhost", origin)
	}
	if err := protocol.ValidateRPID(host); err != nil {
		return "", fmt.Errorf("passkeys: host of %s: %w", origin, err)
	}
	return host, nil
}

// algorithms are those of keys that may be enrolled, the preferred first.
func algorithms() []protocol.CredentialParameter {
	var list []protocol.CredentialParameter
	for _, a := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		list = append(list, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: a})
	}
	return list
}

// Method is "passkey".
func (*Passkeys) Method() string { return method }

// Ready reports whether the account has a passkey.
func (p *Passkeys) Ready(ctx context.Context, account string) (bool, error) {
	return p.store.HasPasskeys(ctx, account)
}

// Prepare asks for a signature by one of the account's passkeys.
func (p *Passkeys) Prepare(ctx context.Context, of pip.Profile) (identity.Question, error) {
	keys, err := p.keys(ctx, of.ID)
	if err != nil {
		return identity.Question{}, err
	}
	descriptors := webauthn.Credentials(keys).CredentialDescriptors()
	assertion, _, err := p.party.BeginDiscoverableLogin(webauthn.WithAllowedCredentials(descriptors))
	if err != nil {
		return identity.Question{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	shown, err := json.Marshal(assertion.Response)
	if err != nil {
		return identity.Question{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return identity.Question{Kept: assertion.Response.Challenge.String(), Shown: shown}, nil
}

// Check judges the answer of an authenticator to the challenge that c keeps. Of an
// authenticator whose counter went back it is identity.ErrCloned.
func (p *Passkeys) Check(ctx context.Context, c identity.Pending, answer string) (string, error) {
	if c.Method != method || c.Kept == "" {
		return "", nil
	}
	signed, err := p.signed(ctx, c.Account, c.Kept, answer)
	if err != nil || signed == nil {
		return "", err
	}
	return p.use(ctx, signed, c.Kept)
}

// A signing is the answer of an account's passkey with a right signature.
type signing struct {
	key    Passkey
	state  *webauthn.Credential // as it is afterwards
	cloned bool
}

// signed returns what an answer proves of a challenge; nil when it proves nothing.
func (p *Passkeys) signed(ctx context.Context, account, challenge, answer string) (*signing, error) {
	given, ok := assertion(answer)
	if !ok {
		return nil, nil
	}
	key, err := p.find(ctx, given.RawID)
	if err != nil || key.Account != account {
		return nil, err
	}
	known, err := p.open(key)
	if err != nil {
		return nil, err
	}
	credential, err := p.party.ValidateLogin(owner{id: account, keys: []webauthn.Credential{known.credential(key)}}, webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: p.party.Config.RPID, UserID: []byte(account),
		AllowedCredentialIDs: [][]byte{known.Credential}, UserVerification: protocol.VerificationRequired,
	}, given)
	if err != nil {
		return nil, nil // what exactly was wrong is not told
	}
	return &signing{key: key, state: credential, cloned: credential.Authenticator.CloneWarning}, nil
}

// use remembers that a passkey has signed a challenge. Of two answers that come with one
// count, one does; that the same answer comes again is no sign of a copy.
func (p *Passkeys) use(ctx context.Context, s *signing, challenge string) (string, error) {
	if s.cloned && s.key.Signed == challenge {
		return "", nil
	}
	if s.cloned {
		return "", &pip.Refusal{Reason: "passkey_cloned", Account: s.key.Account}
	}
	s.key.SignCount, s.key.Synced = s.state.Authenticator.SignCount, s.state.Flags.BackupState
	s.key.Signed, s.key.Used = challenge, p.now()
	used, err := p.store.UsePasskey(ctx, s.key)
	if err != nil || !used {
		return "", err
	}
	return identity.AmrPasskey, nil
}

// assertion reads an answer of navigator.credentials.get().
func assertion(answer string) (*protocol.ParsedCredentialAssertionData, bool) {
	if len(answer) > maxAnswer || !identity.IsAssertion(answer) {
		return nil, false
	}
	given, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	return given, err == nil
}

// find returns the passkey whose id an authenticator has named; the zero Passkey,
// of no account, when there is none.
func (p *Passkeys) find(ctx context.Context, credential []byte) (Passkey, error) {
	mark, err := p.vault.Mark("passkey/credential", string(credential))
	if err != nil {
		return Passkey{}, err
	}
	key, err := p.store.PasskeyByMark(ctx, mark)
	if errors.Is(err, identity.ErrNotFound) {
		return Passkey{}, nil
	}
	return key, err
}

// keys are those of an account that were not lost.
func (p *Passkeys) keys(ctx context.Context, account string) ([]webauthn.Credential, error) {
	stored, err := p.store.Passkeys(ctx, account)
	if err != nil {
		return nil, err
	}
	var keys []webauthn.Credential
	for _, key := range stored {
		if key.Lost() {
			continue
		}
		known, err := p.open(key)
		if err != nil {
			return nil, err
		}
		keys = append(keys, known.credential(key))
	}
	return keys, nil
}

// An owner is an account as the library asks for it. Its handle, which authenticators
// keep, is the account's id: it names no person.
type owner struct {
	id, name string
	keys     []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return []byte(o.id) }
func (o owner) WebAuthnName() string                       { return o.name }
func (o owner) WebAuthnDisplayName() string                { return o.name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// Package workstation keeps the shared machines of wards that officers have
// registered. A machine proves itself by a secret in a cookie of its browser, which it
// got for a code that serves once, or by a client certificate of the hospital's, and by an
// address in its row of the table of networks. It proves no person: who is at it is for
// the policy administrator to say.
package workstation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

const (
	// CodeLife is how long a machine may be enrolled with a code.
	CodeLife = 15 * time.Minute
	// KeyLife is how long a browser is told to keep the key. Browsers keep none for
	// longer.
	KeyLife = 400 * 24 * time.Hour

	keyBytes = 32
	keyText  = 43 // the same in base64url
	codeText = 26 // of rand.Text
	maxName  = 64 // runes
	most     = 10_000
)

// The reasons of refusals.
const (
	reasonCode    = "workstation_code_invalid"
	reasonNetwork = "workstation_network"

	reasonNoCertificates = "workstation_certificates_off"    // there is no authority for them
	reasonNoCertificate  = "workstation_certificate_missing" // the machine showed none that counts
	reasonCertified      = "workstation_certificate_taken"   // the machine is a workstation already
)

// The actions, as the journal names them.
const (
	actionRegister = "workstation.register"
	actionEnrol    = "workstation.enrol"
	actionRemove   = "workstation.remove"
)

// endRemoved is why a session ends whose workstation was removed.
const endRemoved = "workstation_removed"

// A Proof says by what a machine is known, beside its network.
type Proof string

// The proofs.
const (
	ByKey         Proof = "key"         // in a cookie of its browser
	ByCertificate Proof = "certificate" // of the authority for workstations, for its TLS connections
)

// A Station is a workstation as it is stored: of its code and its key only hashes.
type Station struct {
	ID       string
	Name     string // what people know it by
	Zone     string // the department or ward that it stands in; may be ""
	Network  string // a row of the table of networks
	Host     string // of the browser that holds the key; "" until it is enrolled
	Code     string
	CodeOver time.Time
	Proof    Proof
	Key      string
	// Certificate names the machine by its certificate: the SHA-256 of the public key. "" for
	// one that is known by a key.
	Certificate string

	By         string // account of the officer who registered it; "" where an older version did not note it
	Registered time.Time
	Enrolled   time.Time // zero until then
	Seen       time.Time // when somebody last logged in, tapped or stepped up there; zero for never
}

// A Store is the authority over workstations. ErrNone says that there is no such row,
// or that it is being removed.
type Store interface {
	// AddWorkstation stores s, or answers ErrTaken when another one has its name, ErrCertified
	// when another one has its certificate, and ErrTooMany when there are limit.
	AddWorkstation(ctx context.Context, s Station, limit int) error
	Workstations(ctx context.Context) ([]Station, error)
	WorkstationByCode(ctx context.Context, code string) (Station, error)
	WorkstationByKey(ctx context.Context, key string) (Station, error)
	WorkstationByCertificate(ctx context.Context, certificate string) (Station, error)
	// EnrolWorkstation uses the code up at now, and stores host and what of key and
	// certificate is not "". Of any number of callers one succeeds, and the others get
	// ErrNone, or ErrCertified when another one has the certificate.
	EnrolWorkstation(ctx context.Context, code, key, certificate, host string, now time.Time) error
	// RemoveWorkstation has it be none from now on, and returns the sessions that are
	// used there. It may be called again until DropWorkstation.
	RemoveWorkstation(ctx context.Context, id string, now time.Time) (sessions []string, err error)
	DropWorkstation(ctx context.Context, id string) error
}

// The errors of a Store.
var (
	ErrNone    = errors.New("no such workstation")
	ErrTaken   = errors.New("another workstation has that name")
	ErrTooMany = errors.New("too many workstations")

	ErrCertified = errors.New("another workstation has that certificate")
)

// Parts is what a Desk works with. All of it is required but the last.
type Parts struct {
	Admin  *admin.Admin
	Store  Store
	Tables func() *pdp.Tables // of the active rule book, asked each time

	// Certified names the machine of a certificate (PEM) of the authority for workstations,
	// or says why it counts for nothing. Nil: there is no such authority, and no machine is
	// known by a certificate.
	Certified func(certificate string, now time.Time) (machine string, err error)
}

// A Desk registers workstations and knows them again.
type Desk struct {
	parts Parts
	home  string // host of the own pages
}

// New returns a desk for browsers that meet the own pages on the host home.
func New(parts Parts, home string) (*Desk, error) {
	if err := required.Parts("workstations", map[string]bool{
		"Admin": parts.Admin != nil, "Store": parts.Store != nil, "Tables": parts.Tables != nil,
	}); err != nil {
		return nil, err
	}
	return &Desk{parts: parts, home: home}, nil
}

// hash is what is kept of a code or a key.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// A Registration is what an officer says of a machine.
type Registration struct {
	Name, Zone, Network string
	Proof               Proof  // "" is ByKey
	Certificate         string // PEM, of a machine that is to be known by it; "" for the one that is shown with the code
}

// Register notes a machine that is to become a workstation, for the officer by. The code
// is returned this once: it is typed at the machine within CodeLife. A machine whose
// certificate is named is a workstation at once, and has no code.
func (d *Desk) Register(ctx context.Context, c admin.Client, by string, r Registration) (s Station, code string, err error) {
	for field, text := range map[string]string{"name": r.Name, "zone": r.Zone} {
		if !printable(text) || field == "name" && text == "" {
			return Station{}, "", admin.Refuse(admin.Malformed, "workstation_"+field)
		}
	}
	if !d.parts.Tables().HasNetwork(r.Network) {
		return Station{}, "", admin.Refuse(admin.Malformed, reasonNetwork)
	}
	now := d.parts.Admin.Now()
	if s, err = d.proving(r, now); err != nil {
		return Station{}, "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Station{}, "", fmt.Errorf("register a workstation: %w", err)
	}
	s.ID, s.Name, s.Zone, s.Network, s.By, s.Registered = id.String(), r.Name, r.Zone, r.Network, by, now
	if s.Enrolled.IsZero() {
		code = rand.Text()
		s.Code, s.CodeOver = hash(code), now.Add(CodeLife)
	}
	// The evidence comes first: what cannot be journalled is not registered.
	if err := d.parts.Admin.WorkstationChanged(ctx, c, actionRegister, by, s.ID); err != nil {
		return Station{}, "", err
	}
	if err := d.parts.Store.AddWorkstation(ctx, s, most); err != nil {
		return Station{}, "", refusedBy("register a workstation", err)
	}
	return s, code, nil
}

// refusedBy turns an error of the Store into a refusal where it is one.
func refusedBy(doing string, err error) error {
	switch {
	case errors.Is(err, ErrTaken):
		return admin.Refuse(admin.Conflicting, "workstation_taken")
	case errors.Is(err, ErrTooMany):
		return admin.Refuse(admin.Conflicting, "workstations_full")
	case errors.Is(err, ErrCertified):
		return admin.Refuse(admin.Conflicting, reasonCertified)
	case errors.Is(err, ErrNone):
		return admin.Refuse(admin.Unproven, reasonCode)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// printable reports whether a text may stand in a list: no controls, not too long.
func printable(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxName && text == strings.TrimSpace(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Enrol exchanges the code that was typed at a machine for the key of its browser, which is
// "" for a machine that is known by its certificate from now on. The machine has to be in
// the network that the officer named, and to show a certificate where that is what it is to
// be known by; else the code is not used up. Who registered it has to be in good standing
// still.
func (d *Desk) Enrol(ctx context.Context, c admin.Client, code string) (key string, s Station, err error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	if len(code) != codeText || c.Host == "" || c.Host != d.home {
		return "", Station{}, admin.Refuse(admin.Unproven, reasonCode)
	}
	now := d.parts.Admin.Now()
	s, err = d.parts.Store.WorkstationByCode(ctx, hash(code))
	if errors.Is(err, ErrNone) || err == nil && !now.Before(s.CodeOver) {
		return "", Station{}, admin.Refuse(admin.Unproven, reasonCode)
	}
	if err != nil {
		return "", Station{}, fmt.Errorf("enrol a workstation: %w", err)
	}
	if !d.parts.Tables().InNetwork(s.Network, c.Address) {
		return "", Station{}, admin.Refuse(admin.Forbidden, reasonNetwork)
	}
	if err := d.showsCertificate(ctx, c, s.Proof); err != nil {
		return "", Station{}, err
	}
	if err := d.parts.Admin.MayEnrol(ctx, c, actionEnrol, s.ID, s.By); err != nil {
		return "", Station{}, err
	}
	hashed, certificate := "", c.Certificate
	if s.Proof == ByKey {
		key = drawKey()
		hashed, certificate = hash(key), ""
	}
	// The evidence comes first. No person is logged in at the machine.
	if err := d.parts.Admin.WorkstationChanged(ctx, c, actionEnrol, "", s.ID); err != nil {
		return "", Station{}, err
	}
	if err := d.parts.Store.EnrolWorkstation(ctx, hash(code), hashed, certificate, c.Host, now); err != nil {
		return "", Station{}, refusedBy("enrol a workstation", err)
	}
	return key, s, nil
}

func drawKey() string {
	drawn := make([]byte, keyBytes)
	rand.Read(drawn) // never fails: the program ends when the system has no randomness
	return base64.RawURLEncoding.EncodeToString(drawn)
}

// At returns the workstation at which a browser proves to be: it holds the key on the
// host that got it, or the machine has shown its certificate, and it comes from the
// workstation's network. It is nil for every other, and for a machine that proves to be
// two.
func (d *Desk) At(ctx context.Context, c admin.Client) (*pip.Workstation, error) {
	if c.Host == "" {
		return nil, nil
	}
	var at *Station
	for _, proven := range []func(context.Context, admin.Client) (*Station, error){d.byKey, d.byCertificate} {
		s, err := proven(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("know a workstation: %w", err)
		}
		if s != nil && at != nil && s.ID != at.ID {
			return nil, nil
		}
		if s != nil {
			at = s
		}
	}
	if at == nil || at.Enrolled.IsZero() || at.Host != c.Host || !d.parts.Tables().InNetwork(at.Network, c.Address) {
		return nil, nil
	}
	return &pip.Workstation{ID: at.ID, Zone: at.Zone, Network: at.Network}, nil
}

// byKey is the workstation whose key the browser holds; nil for none.
func (d *Desk) byKey(ctx context.Context, c admin.Client) (*Station, error) {
	if len(c.Station) != keyText {
		return nil, nil
	}
	return found(d.parts.Store.WorkstationByKey(ctx, hash(c.Station)))
}

func found(s Station, err error) (*Station, error) {
	if errors.Is(err, ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// List returns all workstations, by name.
func (d *Desk) List(ctx context.Context) ([]Station, error) {
	return d.parts.Store.Workstations(ctx)
}

// Remove has a workstation be none, and ends the sessions that are used there. When a
// part of it fails it can be called again.
func (d *Desk) Remove(ctx context.Context, c admin.Client, by, id string) error {
	sessions, err := d.parts.Store.RemoveWorkstation(ctx, id, d.parts.Admin.Now())
	if errors.Is(err, ErrNone) {
		return admin.Refuse(admin.Missing, "not_found")
	}
	if err != nil {
		return fmt.Errorf("remove a workstation: %w", err)
	}
	var faults []error
	for _, session := range sessions {
		faults = append(faults, d.parts.Admin.Revoke(ctx, session, endRemoved))
	}
	faults = append(faults, d.parts.Admin.WorkstationChanged(ctx, c, actionRemove, by, id,
		pip.Change{What: pip.ChangeWorkstationGone, Of: id}))
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("remove a workstation: %w", err)
	}
	if err := d.parts.Store.DropWorkstation(ctx, id); err != nil {
		return fmt.Errorf("remove a workstation: %w", err)
	}
	return nil
}

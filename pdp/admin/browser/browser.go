// Package browser keeps sessions for browsers, which hold no token. A browser has
// a handle for each host, of which only a hash is kept here; with the handle the
// enforcement point gets the access token of the session behind it. A session is
// carried from the home, where people log in, to another host by a code that
// serves once.
//
// It signs nothing and proves no person: the policy administrator does, and asks the
// policy.
package browser

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

const (
	// grace is how long a handle goes on to serve, at the level of the log-in, when
	// the browser gets another one for the same host: requests with it are under way.
	grace = 30 * time.Second

	secretBytes = 32 // of handles and codes
	secretText  = 43 // the same in base64url
)

// Origins are where browsers meet this house.
type Origins struct {
	Home string   // of the own pages, where people log in: "https://home.hospital.test"; "" for none
	Apps []string // of the applications
}

// Stations know the workstations of a house.
type Stations interface {
	// At returns the workstation at which a browser proves to be, or nil.
	At(ctx context.Context, c admin.Client) (*pip.Workstation, error)
}

// Parts is what a Browsers works with. All of it but Stations is required.
type Parts struct {
	Admin *admin.Admin
	Store Store

	Stations Stations // nil: there are no workstations
	Sealer   admin.Sealer
	Log      *slog.Logger
}

// A Browsers keeps the sessions of browsers. Any number of them may work on one
// store, in any number of processes.
type Browsers struct {
	parts   Parts
	home    string // origin; "" for none
	origins atomic.Pointer[origins]
}

// origins are where browsers have sessions now. They are immutable.
type origins struct {
	home  string            // host; "" for none
	hosts map[string]string // host -> origin
	apps  []string          // origins of applications
}

var (
	_ pdp.Continuer = (*Browsers)(nil)
	_ pdp.Sessions  = (*Browsers)(nil)
)

// New returns an error that names every origin which is none, and every host that
// has two.
func New(parts Parts, o Origins) (*Browsers, error) {
	if err := required.Parts("sessions of browsers", map[string]bool{
		"Admin": parts.Admin != nil, "Store": parts.Store != nil, "Sealer": parts.Sealer != nil, "Log": parts.Log != nil,
	}); err != nil {
		return nil, err
	}
	b := &Browsers{parts: parts, home: o.Home}
	take, err := b.Prepare(o.Apps)
	if err != nil {
		return nil, err
	}
	take()
	return b, nil
}

// Prepare checks origins of applications that take the place of those before when take is
// called. At a host that is not among them no session is begun, carried to or elevated from
// then on. The error is as New's.
func (b *Browsers) Prepare(apps []string) (take func(), err error) {
	o := &origins{hosts: map[string]string{}, apps: slices.Clone(apps)}
	var faults []error
	add := func(origin string) string {
		host, err := hostOf(origin)
		if err == nil && o.hosts[host] != "" {
			err = fmt.Errorf("%q is named twice", host)
		}
		if err != nil {
			faults = append(faults, err)
			return ""
		}
		o.hosts[host] = origin
		return host
	}
	if b.home != "" {
		o.home = add(b.home)
	}
	for _, origin := range apps {
		add(origin)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("sessions of browsers: %w", err)
	}
	return func() { b.origins.Store(o) }, nil
}

// Apps are the origins of applications to which a session may be carried now.
func (b *Browsers) Apps() []string { return b.origins.Load().apps }

// hostOf is the host of an origin, as browsers write both: scheme and host in lower
// case, a port that is not the scheme's own, and nothing else.
func hostOf(origin string) (string, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || origin != u.Scheme+"://"+u.Host ||
		u.Host != strings.ToLower(u.Host) || strings.HasSuffix(u.Host, ":") || len(u.Host) > maxHost ||
		u.Port() == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		return "", fmt.Errorf("%q is no origin: expected scheme and host, as in https://home.hospital.test", origin)
	}
	return u.Host, nil
}

const maxHost = 255 // bytes that the store keeps of a host

// newSecret draws a handle or a code, and the hash under which it is kept.
func newSecret() (secret, hash string) {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails: the program ends when the system has no randomness
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, Hash(secret)
}

// Hash is what is kept of a handle, a code or a nonce: its SHA-256, in lower-case
// hexadecimal.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// A Handle is what a browser holds on one host, as it is stored.
type Handle struct {
	Hash      string
	Session   string
	Host      string
	Over      time.Time // it serves until then
	Elevation admin.Elevation

	Workstation *pip.Workstation // that the browser is at; nil for none
	TakesOver   bool             // what is opened is the only one there, and the session's only one at a workstation; not stored

	Token      string // sealed, the newest; "" while there is none
	Issued     time.Time
	Expires    time.Time
	Generation int64 // how many tokens there were
}

// A Store is the authority over handles and carries. ErrNone says that there is no
// such row, and admin.ErrEnded that the session has ended.
type Store interface {
	CarryStore

	// OpenHandle stores a handle of a live session. The session's other handles on the
	// same host serve until retire at the latest and lose their elevation; those
	// that are over are forgotten.
	OpenHandle(ctx context.Context, h Handle, now, retire time.Time) error
	// Handle returns a handle by its hash, with its session.
	Handle(ctx context.Context, hash string) (Handle, admin.Session, error)
	// Renew stores a new token in place of that of the generation before, and has
	// the session be idle until idleUntil. Of any number of callers for one
	// generation one succeeds, and the others get ErrRenewed.
	Renew(ctx context.Context, h Handle, at, idleUntil time.Time) error
	// Blank forgets the token of a generation.
	Blank(ctx context.Context, hash string, generation int64) error
	// DropHandle forgets a handle.
	DropHandle(ctx context.Context, hash string) error
	// SweepBrowsers forgets handles and carries that are over.
	SweepBrowsers(ctx context.Context, now time.Time) error
}

// The errors of a Store.
var (
	ErrNone    = errors.New("no such handle or code")
	ErrRenewed = errors.New("another caller was first to renew the token")

	// ErrNoWorkstation says that there is no such workstation, or that somebody else is at it.
	ErrNoWorkstation = errors.New("no such workstation for this session")
)

// Begin ends a log-in with its second factor, as admin.Verify does, in a browser on
// the host c.Host. What it answers is the browser's handle, and of the tokens the
// key of the device alone.
func (b *Browsers) Begin(ctx context.Context, c admin.Client, challenge, code string) (handle string, t admin.Tokens, err error) {
	if err := b.known(c.Host); err != nil {
		return "", admin.Tokens{}, err
	}
	if c.At, err = b.at(ctx, c); err != nil {
		return "", admin.Tokens{}, err
	}
	t, err = b.parts.Admin.Verify(ctx, c, challenge, code)
	if err != nil {
		return "", admin.Tokens{}, err
	}
	handle, err = b.open(ctx, Handle{Session: t.Session, Host: c.Host, Workstation: c.At, TakesOver: true})
	if err != nil {
		// A session without a holder would stay in the list of the account's.
		return "", admin.Tokens{}, errors.Join(fmt.Errorf("begin a session in a browser: %w", err),
			b.parts.Admin.Revoke(context.WithoutCancel(ctx), t.Session, "not_begun"))
	}
	return handle, t, nil
}

// known refuses a host on which no browser has a session.
func (b *Browsers) known(host string) error {
	if host == "" || b.origins.Load().hosts[host] == "" {
		return admin.Refuse(admin.Forbidden, reasonOrigin)
	}
	return nil
}

// at is the workstation at which a browser proves to be, or nil.
func (b *Browsers) at(ctx context.Context, c admin.Client) (*pip.Workstation, error) {
	if b.parts.Stations == nil {
		return nil, nil
	}
	return b.parts.Stations.At(ctx, c)
}

// open gives a live session a handle on a host, in place of those it has there.
func (b *Browsers) open(ctx context.Context, h Handle) (string, error) {
	handle, hash := newSecret()
	now := b.parts.Admin.Now()
	h.Hash, h.Over, h.Issued = hash, now.Add(b.parts.Admin.Limits().Absolute), now
	return handle, b.parts.Store.OpenHandle(ctx, h, now, now.Add(grace))
}

// A StepUp is what ends one in a browser.
type StepUp struct {
	Handle    string // that the browser holds on this host
	Account   string
	Session   string // behind the handle
	Challenge string
	Code      string // that answers the challenge
}

// Elevate ends a step-up in a browser on the host c.Host. The browser gets another
// handle, whose tokens are of the higher level while the elevation lasts: the one
// from before never becomes worth more. On other hosts nothing changes. Where the browser
// is, its handle says: it stays at its workstation, which on the host of an application no
// cookie tells of.
func (b *Browsers) Elevate(ctx context.Context, c admin.Client, up StepUp) (handle string, until time.Time, err error) {
	if err := b.known(c.Host); err != nil {
		return "", time.Time{}, err
	}
	held, _, err := b.parts.Store.Handle(ctx, Hash(up.Handle))
	if errors.Is(err, ErrNone) || err == nil && (held.Host != c.Host || held.Session != up.Session) {
		return "", time.Time{}, admin.Refuse(admin.Unproven, reasonEnded)
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("step up in a browser: %w", err)
	}
	e, err := b.parts.Admin.Elevate(ctx, c, up.Account, up.Session, c.Host, up.Challenge, up.Code)
	if err != nil {
		return "", time.Time{}, err
	}
	handle, err = b.open(ctx, Handle{Session: up.Session, Host: c.Host, Elevation: e, Workstation: held.Workstation})
	if errors.Is(err, admin.ErrEnded) || errors.Is(err, ErrNoWorkstation) {
		return "", time.Time{}, admin.Refuse(admin.Unproven, reasonEnded)
	}
	if err != nil {
		return "", time.Time{}, fmt.Errorf("step up in a browser: %w", err)
	}
	return handle, e.Until, nil
}

// Resume has a person take over the workstation at which the browser on the home proves to
// be, by badge and PIN: the browser gets a handle of that person's own session of this
// shift, at the level of its log-in. The person before is there no more, on no host;
// their session goes on, and so does no handle of this one at another workstation.
func (b *Browsers) Resume(ctx context.Context, c admin.Client, number, pin string) (handle string, err error) {
	if c.Host == "" || c.Host != b.origins.Load().home {
		return "", admin.Refuse(admin.Forbidden, reasonOrigin)
	}
	if c.At, err = b.at(ctx, c); err != nil {
		return "", err
	}
	s, err := b.parts.Admin.Resume(ctx, c, number, pin)
	if err != nil {
		return "", err
	}
	at := *c.At
	at.Tapped = b.parts.Admin.Now()
	handle, err = b.open(ctx, Handle{Session: s.ID, Host: c.Host, Workstation: &at, TakesOver: true})
	if errors.Is(err, admin.ErrEnded) || errors.Is(err, ErrNoWorkstation) {
		return "", admin.Refuse(admin.Unproven, reasonEnded)
	}
	if err != nil {
		return "", fmt.Errorf("resume a session: %w", err)
	}
	return handle, nil
}

// A Place is where a handle stands.
type Place struct {
	Session     string
	Workstation string // its id; "" for none
}

// Place returns where a handle stands; the zero Place for one that there is not.
func (b *Browsers) Place(ctx context.Context, handle string) (Place, error) {
	h, _, err := b.parts.Store.Handle(ctx, Hash(handle))
	if errors.Is(err, ErrNone) {
		return Place{}, nil
	}
	if err != nil {
		return Place{}, fmt.Errorf("find a handle's place: %w", err)
	}
	p := Place{Session: h.Session}
	if h.Workstation != nil {
		p.Workstation = h.Workstation.ID
	}
	return p, nil
}

// Sweep forgets what is over. Call it now and then.
func (b *Browsers) Sweep(ctx context.Context) error {
	return b.parts.Store.SweepBrowsers(ctx, b.parts.Admin.Now())
}

// Hosts are the hosts on which browsers have sessions, sorted.
func (b *Browsers) Hosts() []string {
	now := b.origins.Load().hosts
	hosts := make([]string, 0, len(now))
	for host := range now {
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	return hosts
}

package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

const (
	deviceKeyUse   = "wardgate device key"
	maxDeviceKey   = 512
	mostDeviceKeys = 16 // of people who share a browser
	// deviceKeySeparator stands between keys, in which it does not occur.
	deviceKeySeparator = "."
	networkBitsIP4     = 24
	networkBitsIP6     = 48
)

// A Sealer encrypts and authenticates: device keys, and answers that are kept
// for a retry. What was sealed with other associated data does not open.
type Sealer interface {
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// A Sighting is a log-in from somewhere, as it is remembered.
type Sighting struct {
	Account string
	Device  string // hash of the device's id
	New     bool   // the id was made for this log-in
	Client  string // what was observed of it, sealed
	Crowded bool   // Known said so: the oldest devices give way to a new one
	Network string // "" when there is none
	Place   string // the sealed footprint
	At      time.Time
}

// An Arrival is the last log-in of an account.
type Arrival struct {
	Place string // the sealed footprint
	At    time.Time
}

// Known is what an account has signed in from, of one origin.
type Known struct {
	Device, Network bool
	Last            Arrival // the newest log-in from anywhere; zero for none
	Crowded         bool    // as many devices are remembered as may be
	Endings         int64   // orders so far to end all sessions of the account
}

// An OriginStore remembers from where accounts have signed in.
type OriginStore interface {
	// Familiar reports whether the account has signed in from the device since
	// deviceSince, and from the network since networkSince, and its last log-in.
	Familiar(ctx context.Context, account, device, network string, deviceSince, networkSince time.Time) (Known, error)
	// Sight remembers a log-in. It may keep a part of it when it fails.
	Sight(ctx context.Context, from Sighting) error
	// Forget drops devices, networks and log-ins last seen before these times.
	Forget(ctx context.Context, devices, networks, logIns time.Time) error
}

// networkOf is the network that an address counts as: /24, or /48 for IPv6. On
// loopback every address is a place of its own.
func networkOf(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	bits := networkBitsIP4
	switch {
	case !a.IsValid():
		return ""
	case a.IsLoopback():
		bits = a.BitLen()
	case a.Is6():
		bits = networkBitsIP6
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// newDeviceKey makes the key that a device presents at later log-ins. It works
// for one account alone, and proves that this device has signed in before: it
// is no factor, and opens nothing.
func (a *Admin) newDeviceKey(account string) (key, hash string, err error) {
	id := rand.Text()
	sealed, err := a.parts.Sealer.Encrypt([]byte(account+" "+id), []byte(deviceKeyUse))
	if err != nil {
		return "", "", fmt.Errorf("device key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), hashDevice(id), nil
}

// ownDevice returns the one of the presented keys that is a genuine key of this account,
// with the hash of the device that it names, or "" when none is.
func (a *Admin) ownDevice(account, keys string) (key, hash string) {
	for key := range deviceKeys(keys) {
		if owner, id := a.openDeviceKey(key); account != "" && owner == account && id != "" {
			return key, hashDevice(id)
		}
	}
	return "", ""
}

// deviceKeys are the keys that a client presents at once. Several people of one browser
// have one each, and none says whose it is.
func deviceKeys(keys string) iter.Seq[string] {
	if len(keys) > mostDeviceKeys*(maxDeviceKey+1) {
		keys = ""
	}
	return strings.SplitSeq(keys, deviceKeySeparator)
}

// besides puts an account's key before the genuine ones of others that were presented. The
// oldest give way.
func (a *Admin) besides(account, key, keys string) string {
	all := []string{key}
	for other := range deviceKeys(keys) {
		if owner, id := a.openDeviceKey(other); id != "" && owner != account && len(all) < mostDeviceKeys && !slices.Contains(all, other) {
			all = append(all, other)
		}
	}
	return strings.Join(all, deviceKeySeparator)
}

// openDeviceKey returns whose key it is and the device's id, both "" when it is
// not genuine.
func (a *Admin) openDeviceKey(key string) (owner, id string) {
	if key == "" || len(key) > maxDeviceKey {
		return "", ""
	}
	sealed, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return "", ""
	}
	plain, err := a.parts.Sealer.Decrypt(sealed, []byte(deviceKeyUse))
	if err != nil {
		return "", ""
	}
	owner, id, _ = strings.Cut(string(plain), " ")
	return owner, id
}

// KnownDevice returns the hash of the device that a genuine key names, of
// whatever account. It is no proof of who asks: a client that copied the key has it.
// Of several keys the first genuine one counts.
func (a *Admin) KnownDevice(keys string) (id string, ok bool) {
	for key := range deviceKeys(keys) {
		if _, id = a.openDeviceKey(key); id != "" {
			return hashDevice(id), true
		}
	}
	return "", false
}

func hashDevice(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// A familiarity is what an account has signed in from, of one client's origin.
type familiarity struct {
	device  string // hash of the presented device, when it is known
	key     string // that names it
	network string // the client's network
	place   string // the client's address, when it is one of the hospital's
	words   string // pdp.FamiliarDevice, pdp.FamiliarNetwork or ""
	last    Arrival
	crowded bool
	endings int64 // orders to end all sessions of the account, before it proved anything
}

// origin names what ID management counts apart. A place in the hospital is
// familiar to everybody, by the table of networks, and each one apart: what is
// done at one workstation closes no other.
func (f familiarity) origin() string {
	switch {
	case f.words == pdp.FamiliarDevice:
		return "device/" + f.device
	case f.place != "":
		return "on_site/" + f.place
	case f.words == pdp.FamiliarNetwork:
		return "network/" + f.network
	default:
		return ""
	}
}

// placeOf is the client's address when it is on-site, in IPv6 its /64: one
// machine has all of it.
func (a *Admin) placeOf(at netip.Addr) string {
	if !a.parts.Tables().OnSite(at) {
		return ""
	}
	at = at.Unmap().WithZone("")
	if at.Is6() && !at.IsLoopback() {
		if p, err := at.Prefix(64); err == nil {
			return p.String()
		}
	}
	return at.String()
}

// familiar finds out what the account knows of the client's origin.
func (a *Admin) familiar(ctx context.Context, c Client, account string) (familiarity, error) {
	f := familiarity{network: networkOf(c.Address), place: a.placeOf(c.Address)}
	key, device := a.ownDevice(account, c.Device)
	now, limits := a.cfg.Now(), a.Limits()
	known, err := a.parts.Store.Familiar(ctx, account, device, f.network,
		now.Add(-limits.DeviceMemory), now.Add(-limits.NetworkMemory))
	switch {
	case err != nil:
		return familiarity{}, err
	case known.Device:
		f.device, f.key, f.words = device, key, pdp.FamiliarDevice
	case known.Network:
		f.words = pdp.FamiliarNetwork
	}
	f.last, f.crowded, f.endings = known.Last, known.Crowded, known.Endings
	return f, nil
}

// origin is the client's origin as ID management asks for it.
func (a *Admin) origin(c Client) pip.Origin {
	return pip.Origin{
		Network: networkOf(c.Address),
		Familiar: func(ctx context.Context, account string) (string, error) {
			f, err := a.familiar(ctx, c, account)
			return f.origin(), err
		},
	}
}

// loggingIn is the client's origin for a log-in, which the policy has to allow to
// begin. It leaves in seen what was found for the account that the e-mail turned
// out to be.
func (a *Admin) loggingIn(c Client, seen *familiarity) pip.Origin {
	return pip.Origin{
		Network: networkOf(c.Address),
		Familiar: func(ctx context.Context, account string) (string, error) {
			f, err := a.familiar(ctx, c, account)
			if err != nil {
				return "", err
			}
			*seen = f
			return f.origin(), a.mayTry(ctx, c, f)
		},
	}
}

package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

const (
	deviceKeyUse   = "wardgate device key"
	maxDeviceKey   = 512
	networkBitsIP4 = 24
	networkBitsIP6 = 48
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
	Network string // "" when there is none
	Place   string // the sealed footprint
	At      time.Time
}

// An Arrival is the last log-in of an account.
type Arrival struct {
	Place string // the sealed footprint
	At    time.Time
}

// An OriginStore remembers from where accounts have signed in.
type OriginStore interface {
	// Familiar reports whether the account has signed in from the device since
	// deviceSince, and from the network since networkSince.
	Familiar(ctx context.Context, account, device, network string, deviceSince, networkSince time.Time) (knowsDevice, knowsNetwork bool, err error)
	// LastLogIn returns the newest one, or the zero Arrival.
	LastLogIn(ctx context.Context, account string) (Arrival, error)
	// Origins lists the devices and networks of an account, each as "device/…"
	// or "network/…".
	Origins(ctx context.Context, account string) ([]string, error)
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

// deviceHash returns the hash of the device that a presented key names, or ""
// when it is not a genuine key of this account.
func (a *Admin) deviceHash(account, key string) string {
	owner, id := a.openDeviceKey(key)
	if account == "" || owner != account || id == "" {
		return ""
	}
	return hashDevice(id)
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
// whatever account. It is no proof of who asks: whoever copied the key has it.
func (a *Admin) KnownDevice(key string) (id string, ok bool) {
	_, id = a.openDeviceKey(key)
	if id == "" {
		return "", false
	}
	return hashDevice(id), true
}

func hashDevice(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// A familiarity is what an account has signed in from, of one client's origin.
type familiarity struct {
	device  string // hash of the presented device, when it is known
	network string // the client's network
	words   string // pdp.FamiliarDevice, pdp.FamiliarNetwork or ""
}

// suffix names the limiter that counts failures from here.
func (f familiarity) suffix() string {
	switch f.words {
	case pdp.FamiliarDevice:
		return "device/" + f.device
	case pdp.FamiliarNetwork:
		return "network/" + f.network
	default:
		return ""
	}
}

// familiar finds out what the account knows of the client's origin.
func (a *Admin) familiar(ctx context.Context, c Client, account string) (familiarity, error) {
	f := familiarity{network: networkOf(c.Address)}
	device := a.deviceHash(account, c.Device)
	now, limits := a.cfg.Now(), a.Limits()
	knowsDevice, knowsNetwork, err := a.parts.Store.Familiar(ctx, account, device, f.network,
		now.Add(-limits.DeviceMemory), now.Add(-limits.NetworkMemory))
	switch {
	case err != nil:
		return familiarity{}, err
	case knowsDevice:
		f.device, f.words = device, pdp.FamiliarDevice
	case knowsNetwork:
		f.words = pdp.FamiliarNetwork
	}
	return f, nil
}

// origin is the client's origin as the Authenticator asks for it. It leaves in
// seen what was found for the account that the e-mail turned out to be.
func (a *Admin) origin(c Client, seen *familiarity) pip.Origin {
	return pip.Origin{
		Network: networkOf(c.Address),
		Familiar: func(ctx context.Context, account string) (string, error) {
			f, err := a.familiar(ctx, c, account)
			if err != nil {
				return "", err
			}
			*seen = f
			if err := a.mayTry(ctx, c, f); err != nil {
				return "", err
			}
			return f.suffix(), nil
		},
	}
}

package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

const (
	actionForgetDevice = "device.forget"
	endForgotten       = "device_forgotten"
)

// A Device is one that an account has logged in from, as its owner sees it.
type Device struct {
	ID        string
	Current   bool   // the session that asks began there
	OS        string // families as they were last seen there; "" for what is not known
	Browser   string
	FirstSeen time.Time
	LastSeen  time.Time
}

// A SeenDevice is a device as it is stored.
type SeenDevice struct {
	ID     string // the hash by which it is known
	Client string // what was observed of it, sealed; "" for nothing
	First  time.Time
	Last   time.Time
}

// A DeviceStore remembers the devices of accounts.
type DeviceStore interface {
	// Devices returns those of an account that were seen since then, the newest first.
	Devices(ctx context.Context, account string, since time.Time) ([]SeenDevice, error)
	// ForgetDevices forgets those of an account, and counts an order to end its sessions,
	// both or neither: a log-in that is under way finds that there was one.
	ForgetDevices(ctx context.Context, account string, ids []string) error
}

// clientUse binds what was observed of a device to it.
func clientUse(device string) string { return "known device/" + device }

// sealClient is what is kept of a client, to tell its owner one device from another.
func (a *Admin) sealClient(device string, seen pip.Footprint) (string, error) {
	return a.parts.Footprints.Seal(clientUse(device), pip.Footprint{OS: seen.OS, Browser: seen.Browser})
}

// Devices are those that an account is known to log in from, the newest first. session is
// the one that asks.
func (a *Admin) Devices(ctx context.Context, account, session string) ([]Device, error) {
	if account == "" {
		return nil, Refuse(Unproven, problem.SessionMissing)
	}
	seen, err := a.parts.Store.Devices(ctx, account, a.cfg.Now().Add(-a.Limits().DeviceMemory))
	if err != nil {
		return nil, fmt.Errorf("devices of %s: %w", account, err)
	}
	here, err := a.deviceOf(ctx, account, session)
	if err != nil {
		return nil, err
	}
	devices := make([]Device, 0, len(seen))
	for _, s := range seen {
		d := Device{ID: s.ID, FirstSeen: s.First, LastSeen: s.Last, Current: here != "" && s.ID == here}
		if s.Client != "" {
			client, err := a.parts.Footprints.Open(clientUse(s.ID), s.Client)
			if err != nil {
				return nil, fmt.Errorf("devices of %s: %w", account, err)
			}
			d.OS, d.Browser = client.OS, client.Browser
		}
		devices = append(devices, d)
	}
	return devices, nil
}

// deviceOf is the device that a session of the account began on, "" when it is not known.
func (a *Admin) deviceOf(ctx context.Context, account, session string) (string, error) {
	s, err := a.parts.Store.Session(ctx, session)
	switch {
	case errors.Is(err, ErrNotFound):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("device of a session: %w", err)
	case s.Account != account:
		return "", nil
	}
	return s.Device, nil
}

// ForgetDevice forgets a device of the account, and ends the sessions that began there, the
// one that asks too if it did. Another account's device and one that there is not are the
// same refusal. It reports whether the session that asks has ended. When a part of it fails
// it can be called again.
func (a *Admin) ForgetDevice(ctx context.Context, c Client, account, session, id string) (left bool, err error) {
	if account == "" || session == "" {
		return false, Refuse(Unproven, problem.SessionMissing)
	}
	devices, err := a.Devices(ctx, account, session)
	if err != nil {
		return false, err
	}
	live, err := a.parts.Store.LiveOf(ctx, account, a.cfg.Now())
	if err != nil {
		return false, fmt.Errorf("forget a device: %w", err)
	}
	known := slices.ContainsFunc(devices, func(d Device) bool { return d.ID == id })
	begun := slices.ContainsFunc(live, func(s Session) bool { return s.Device == id })
	if id == "" || !known && !begun {
		return false, Refuse(Missing, "not_found")
	}
	left = slices.ContainsFunc(live, func(s Session) bool { return s.ID == session && s.Device == id })
	return left, a.forget(ctx, c, account, session, []string{id}, func(s Session) bool {
		return s.Device == id || s.Device == "" && s.ID != session // where that began is not known
	})
}

// ForgetOtherDevices forgets all devices of the account but the one that the session began
// on, and ends all of its other sessions but those that began there.
func (a *Admin) ForgetOtherDevices(ctx context.Context, c Client, account, session string) error {
	if account == "" || session == "" {
		return Refuse(Unproven, problem.SessionMissing)
	}
	devices, err := a.Devices(ctx, account, session)
	if err != nil {
		return err
	}
	here, err := a.deviceOf(ctx, account, session)
	if err != nil {
		return err
	}
	var ids []string
	for _, d := range devices {
		if !d.Current {
			ids = append(ids, d.ID)
		}
	}
	return a.forget(ctx, c, account, session, ids, func(s Session) bool {
		return s.ID != session && (here == "" || s.Device != here)
	})
}

// forget forgets devices and ends the sessions that began there, which are told from others
// by ends. The evidence comes first: what cannot be journalled changes nothing.
func (a *Admin) forget(ctx context.Context, c Client, account, session string, ids []string, ends func(Session) bool) error {
	for _, id := range ids {
		if err := a.noteChange(ctx, c, actionForgetDevice, account, session, "", pip.Change{What: pip.ChangeDeviceGone, Of: account + "/" + id}); err != nil {
			return err
		}
	}
	ctx = context.WithoutCancel(ctx)
	if err := a.parts.Store.ForgetDevices(ctx, account, ids); err != nil {
		return fmt.Errorf("forget devices of %s: %w", account, err)
	}
	live, err := a.parts.Store.LiveOf(ctx, account, a.cfg.Now())
	if err != nil {
		return fmt.Errorf("forget devices of %s: %w", account, err)
	}
	var faults []error
	for _, s := range live {
		if ends(s) {
			faults = append(faults, a.end(ctx, c, s.ID, account, endForgotten))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if len(ids) > 0 {
		a.tellOwner(ctx, c, account, pip.Notice{Kind: pip.NoticeDeviceForgotten})
	}
	return nil
}

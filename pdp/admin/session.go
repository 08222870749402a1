package admin

import (
	"context"
	"errors"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A Session is what one log-in began. Its refresh tokens, each the successor of
// the one before, are one family: the session and its family end together.
type Session struct {
	ID        string
	Account   string
	Footprint pip.Footprint // of the client at log-in; a Store keeps only Sealed
	Sealed    string
	AMR       []string
	ACR       string
	AuthTime  time.Time
	Created   time.Time
	LastUsed  time.Time
	IdleUntil time.Time
	Until     time.Time // never extended
	Ended     time.Time // zero while it was not ended
	EndReason string
	Device    string // hash of the device that it began on; "" for none

	At *pip.Workstation // where the token is used that is signed now; not stored
}

// Live reports whether s may be used at now.
func (s *Session) Live(now time.Time) bool {
	return s.ID != "" && s.Ended.IsZero() && now.Before(s.IdleUntil) && now.Before(s.Until)
}

// lastSigned is the latest at which a token of the ended session can have been
// signed, on whatever the clock showed then: it may have been set back since.
func (s *Session) lastSigned() time.Time {
	latest := s.IdleUntil
	if s.Until.Before(latest) {
		latest = s.Until
	}
	if latest.Before(s.Ended) {
		latest = s.Ended
	}
	return latest
}

// A Refresh is a refresh token as it is stored: by its hash.
type Refresh struct {
	Hash    string
	Session string
	Issued  time.Time
	Used    time.Time // zero while it was not used
}

// A Rotation replaces the refresh token Old by New.
type Rotation struct {
	Session   string
	Old       string
	New       string
	At        time.Time
	IdleUntil time.Time

	Answer       string    // sealed, for a retry; "" when none may come
	ForgetAnswer time.Time // when Answer is over
}

// The errors of a Store.
var (
	ErrNotFound = errors.New("no such session")
	ErrUsed     = errors.New("the refresh token was used")
	ErrEnded    = errors.New("the session has ended")
)

// Revoked is who is cut off at one moment, as far as it was asked for. A zero
// Since means all of them.
type Revoked struct {
	Mark  pip.Mark
	Since pip.Mark
	Ended []Session
	Bans  []Ban
}

// A Store is the authority over sessions. Of any number of callers in any
// number of processes exactly one rotates a given token, and one ends a session.
type Store interface {
	OriginStore
	DeviceStore
	BanStore
	MachineStore
	OrderStore
	RestoreStore

	// Begin stores a session and its first refresh token, or neither. A machine's
	// session has none.
	Begin(ctx context.Context, s Session, r Refresh) error
	Session(ctx context.Context, id string) (Session, error) // ErrNotFound
	// Refresh returns a token by its hash, with its session, or ErrNotFound.
	Refresh(ctx context.Context, hash string) (Refresh, Session, error)
	Rotate(ctx context.Context, r Rotation) error // ErrUsed, ErrEnded
	// Answer returns the sealed answer that was given for the refresh token
	// with the hash, or ErrNotFound.
	Answer(ctx context.Context, hash string) (string, error)
	// End ends a session and reports whether this call did it. With an account
	// the session must be that account's; else it is ErrNotFound.
	End(ctx context.Context, id, account, reason string, at time.Time) (bool, error)
	// EndFrom notes an order to end all sessions of an account, before those that there
	// are end: a log-in that is under way finds by Endings that there was one.
	EndFrom(ctx context.Context, account string) error
	Endings(ctx context.Context, account string) (int64, error)
	// LiveOf returns the live sessions of an account, newest first.
	LiveOf(ctx context.Context, account string, now time.Time) ([]Session, error)
	// Revoked returns who is cut off at one moment: the sessions that ended after
	// the mark, or when that is none of its marks, those that ended or could
	// still be refreshed after signedAfter.
	Revoked(ctx context.Context, since pip.Mark, signedAfter, now time.Time) (Revoked, error)
	// Sweep forgets sessions whose time was over before then, and answers and
	// bans that are over now.
	Sweep(ctx context.Context, before, now time.Time) error
}

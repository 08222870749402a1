package pip

import "time"

// A NoticeKind is what a notice to an account's owner is about.
type NoticeKind string

// The kinds of notices.
const (
	NoticeDevice          NoticeKind = "device"         // a log-in from a device that the account did not know
	NoticeRecovery        NoticeKind = "recovery"       // a log-in by a recovery code
	NoticePassword        NoticeKind = "password"       // a new password
	NoticeFactorAdded     NoticeKind = "factor_added"   // an authenticator app
	NoticeFactorRemoved   NoticeKind = "factor_removed" // an authenticator app and its recovery codes
	NoticePasskeyAdded    NoticeKind = "passkey_added"
	NoticePasskeyRemoved  NoticeKind = "passkey_removed"  // one, or all of them
	NoticePasskeyCloned   NoticeKind = "passkey_cloned"   // refused: there are two of it
	NoticeDeviceForgotten NoticeKind = "device_forgotten" // one or several, with their sessions
	NoticeBadgeSet        NoticeKind = "badge_set"        // a workstation's badge or PIN was set or changed
	NoticeBadgeRemoved    NoticeKind = "badge_removed"    // with its PIN
	NoticeSessionsEnded   NoticeKind = "sessions_ended"   // all of them, by others
	NoticeBanned          NoticeKind = "banned"           // kept out of everything for a while, by others
	NoticePass            NoticeKind = "pass"             // others let the owner in for one shift
	NoticeDisabled        NoticeKind = "disabled"
	NoticeEnabled         NoticeKind = "enabled"  // or approved
	NoticeChanged         NoticeKind = "changed"  // username, address or role; the old address is told too
	NoticeLinked          NoticeKind = "linked"   // to a staff record
	NoticeUnlinked        NoticeKind = "unlinked" // from its records
)

// NoticeMemory is for how long an owner can read a notice.
const NoticeMemory = 180 * 24 * time.Hour

// A Notice tells an account's owner what has happened to the account. It never
// holds a secret.
type Notice struct {
	Kind NoticeKind
	At   time.Time
	By   []string  // usernames of others who did it; none when it was done in the owner's name
	From Footprint // of the client; the zero Footprint when it is not known
	Left int       // recovery codes that are left, of NoticeRecovery

	Until time.Time // when it ends, of NoticeBanned; zero for what has no end
}

// NoticeKinds lists the kinds of notices.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{NoticeDevice, NoticeRecovery, NoticePassword, NoticeFactorAdded, NoticeFactorRemoved,
		NoticePasskeyAdded, NoticePasskeyRemoved, NoticePasskeyCloned,
		NoticeDeviceForgotten, NoticeBadgeSet, NoticeBadgeRemoved, NoticeSessionsEnded, NoticeBanned, NoticePass, NoticeDisabled, NoticeEnabled, NoticeChanged, NoticeLinked, NoticeUnlinked}
}

package identity

import "github.com/wardgate/wardgate/pip"

// A saying is how a kind of notice is put.
type saying struct{ subject, what, advice string }

const (
	adviceIT     = "If this was not you, or should not be, tell your hospital's IT at once."
	adviceDevice = "If this was you, there is nothing to do. If it was not, somebody else can log in as you:\n" +
		"choose a new password, which ends all sessions, and tell your hospital's IT."
)

// noticeTexts has a text for each kind of notice.
var noticeTexts = map[pip.NoticeKind]saying{
	pip.NoticeDevice:   {"a new device", "Your account was used to log in from a device that it did not know.", adviceDevice},
	pip.NoticeRecovery: {"a recovery code was used", "A recovery code was used to log in to your account. It is used up.", adviceDevice},
	pip.NoticePassword: {"a new password", "Your account has a new password, and all of its sessions were ended.", adviceIT},
	pip.NoticeFactorAdded: {
		"an authenticator app was added",
		"Your account has an authenticator app now, and new recovery codes. Codes by mail no longer log you in.", adviceIT,
	},
	pip.NoticeFactorRemoved: {
		"the authenticator app was removed",
		"Your account has no authenticator app any more, and no recovery codes. Codes by mail log you in.", adviceIT,
	},
	pip.NoticePasskeyAdded: {
		"a passkey was added",
		"Your account has a new passkey. Its holder logs in with it alone. Codes by mail do not log you in.", adviceIT,
	},
	pip.NoticePasskeyRemoved: {
		"a passkey was removed",
		"A passkey of your account was removed, or all of them, and your other sessions were ended.", adviceIT,
	},
	pip.NoticePasskeyCloned: {
		"a passkey was refused",
		"A passkey of your account was refused: by its own count of uses, there are two of it. Somebody may have copied it.\n" +
			"Remove it, and add another one.", adviceIT,
	},
	pip.NoticeDeviceForgotten: {
		"a device was forgotten",
		"Your account does not know a device any more, or several, and the sessions that began there were ended.", adviceIT,
	},
	pip.NoticeBadgeSet: {
		"a badge or PIN was set",
		"Your account has a new badge or PIN for the workstations of wards: with both together your own session is resumed there.", adviceIT,
	},
	pip.NoticeBadgeRemoved: {
		"the badge was removed",
		"Your account has no badge and no PIN any more: at workstations you log in with your password.", adviceIT,
	},
	pip.NoticeSessionsEnded: {
		"its sessions were ended",
		"All sessions of your account were ended by others. You can log in again.", adviceIT,
	},
	pip.NoticeBanned: {
		"access is blocked for a while",
		"Your account is kept out of everything until the time below, and its sessions were ended.",
		"It opens again by itself. If you need it before, or if this should not be, ask your hospital's IT.",
	},
	pip.NoticePass: {
		"a pass for one shift",
		"A pass was issued for your account: with your password and the code of the pass somebody can log in for one shift,\n" +
			"without your second factor, and enrol a new authenticator app in the place of yours.",
		adviceIT,
	},
	pip.NoticeDisabled: {"it was disabled", "Your account was disabled, and its sessions were ended. It opens nothing until it is enabled again.", adviceIT},
	pip.NoticeEnabled:  {"it was enabled", "Your account was enabled, or approved.", adviceIT},
	pip.NoticeChanged: {
		"it was changed",
		"The username, the e-mail address or the role of your account was changed. This is told to the old address and to the new one.", adviceIT,
	},
	pip.NoticeLinked:   {"it was linked", "Your account was linked to a staff record, and its sessions were ended.", adviceIT},
	pip.NoticeUnlinked: {"it was unlinked", "Your account is no longer linked to a record of the hospital, and its sessions were ended.", adviceIT},
}

package pip

import "time"

// A Change is what an event did to an account or a restriction, as far as it has to
// be done again to a database that has lost it. It holds ids, words and times: never
// a password, a secret or a code, not even hashed.
type Change struct {
	What  ChangeKind        `json:"what"`
	Of    string            `json:"of"`             // an account's id, that and a passkey's, or the name of a restriction
	By    string            `json:"by,omitempty"`   // who ordered a ban
	Why   string            `json:"why,omitempty"`  // the reason of a ban
	Until time.Time         `json:"until,omitzero"` // of a ban
	Set   map[string]string `json:"set,omitempty"`  // of an account: standing, role, staff, patient, department
}

// ChangeKind is what a Change did.
type ChangeKind string

// The kinds of changes.
const (
	ChangeBan           ChangeKind = "ban"            // in place of any other ban
	ChangeRestrict      ChangeKind = "restrict"       // unless one holds for longer
	ChangeLift          ChangeKind = "lift"           // a ban or restriction
	ChangeAccount       ChangeKind = "account"        // what Set names
	ChangePassword      ChangeKind = "password"       // another one was chosen
	ChangeAppAdded      ChangeKind = "app_added"      // an authenticator app became a factor
	ChangeAppRemoved    ChangeKind = "app_removed"    // it is none any more, with its recovery codes
	ChangePasskeyAdded  ChangeKind = "passkey_added"  // of an account, "/" and the passkey's id
	ChangePasskeyGone   ChangeKind = "passkey_gone"   // it is none any more
	ChangeRecoveryUsed  ChangeKind = "recovery_used"  // one of the recovery codes
	ChangeMachineKeys   ChangeKind = "machine_keys"   // all keys of a machine were taken away
	ChangeEnrolmentUsed ChangeKind = "enrolment_used" // a patient's code

	ChangeBadge           ChangeKind = "badge"            // an account's badge or PIN was set or taken away
	ChangeDeviceGone      ChangeKind = "device_gone"      // of an account, "/" and the hash by which it was known
	ChangeWorkstationGone ChangeKind = "workstation_gone" // a workstation's id
)

// The databases that have a mark, by the names that marks stand under.
const (
	DatabaseIdentity = "identity"
	DatabaseSessions = "sessions"
	DatabaseRecords  = "records"
)

// Package audit keeps the activity log: a durable, hash-chained journal of
// events on local disk. It never decides anything, never ships anything, and
// never deletes a record before the time that its owner set is over (Prune).
//
// # Layout of a folder
//
//	journal-00000001.log   segments, mode 0600, numbered from 1 without gaps
//	head                   the signed head, two alternating slots
//	audit.key, audit.pub   the Ed25519 key that signs heads (PEM)
//	lock                   held by the one process that writes
//	base                   signed: behind which record the journal begins, when older ones were removed
//	reserve                space held for when the disk is full
//	torn-<time>.bin        unacknowledged bytes that a crash left behind
//
// Package chain says what stands in them.
//
// # Where what stands
//
//	audit          the writing end: Open, Append, Close; Prune, AcceptLoss
//	audit/chain    the format, and checking one step of it
//	audit/reader   reading: Read, Query, Follow
//	audit/verify   proving that all of it is whole
//	audit/anchor   keeping the signed head outside of the folder
//	audit/sqlanchor, ecs, ship   the head in SQL; records for other systems
//
// # What is promised
//
// Append returns nil only after fdatasync, and after the head that names the
// record was handed to the kernel. A process that is killed therefore leaves a
// head that names everything it acknowledged. The head itself is synced within
// a second, so a power cut may leave a head up to a second older than the
// records: those records are complete, chained and kept.
//
// # What is detected
//
// Any change to what the head names is detected by package verify without the
// private key. Two things need a witness outside the folder: a chain rewritten
// by a person who also holds the private key, and a folder rolled back whole to
// an earlier genuine state. An anchor is that witness: an anchor.Follower hands
// it the head each second, and Open and verify.Against hold the journal against
// it. Records that follow the head of a journal that was not closed are chained
// but not yet signed; when the journal is next opened it adopts them and says so
// in a record.
package audit

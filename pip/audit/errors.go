package audit

import (
	"errors"
	"fmt"
)

// The errors that callers tell apart with errors.Is.
var (
	// ErrClosed is returned by Append after Close.
	ErrClosed = errors.New("journal is closed")
	// ErrLocked says that another process, or another Journal, writes the folder.
	ErrLocked = errors.New("journal folder is in use by another writer")
	// ErrRolledBack says that the journal does not hold a record that its anchor
	// proves: the folder was rolled back, replaced or rewritten.
	ErrRolledBack = errors.New("journal lies behind its anchor")
	// ErrAnchor says that the anchor is not this journal's: another key signed it.
	ErrAnchor = errors.New("anchor does not belong to this journal")
	// ErrAltered says that somebody removed, replaced, cut off or wrote to the
	// journal's files while it was open. It takes nothing any more: opening it
	// again verifies what is there.
	ErrAltered = errors.New("the journal was altered while it was open")
	// ErrFull says that the disk is full, and that what is left of the reserve
	// is not for this event. Nothing was written.
	ErrFull = errors.New("the disk is full; what is left is kept for those who have a session")
)

// IsFull tells a disk without room from other failures of a journal.
func IsFull(err error) bool { return errors.Is(err, ErrFull) || isFull(err) }

const advice = "nothing was changed; keep the folder as evidence, run `wardgate audit verify` on it, " +
	"then restore an intact copy, or let somebody answer for the loss: `wardgate audit accept-loss --reason TEXT`"

// refuse is how Open declines a folder that it must not touch. It never
// repairs what may have been acknowledged.
func refuse(kind error, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", kind, fmt.Sprintf(format, args...), advice)
}

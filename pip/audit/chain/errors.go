package chain

import "errors"

// What is wrong with a journal, or with an event, told apart with errors.Is.
var (
	// ErrInvalid says that an event cannot be recorded as it is: it has no
	// kind, its input is not JSON, or it is too large. Nothing was written.
	ErrInvalid = errors.New("event cannot be recorded")
	// ErrShort says that the journal is shorter than its signed head:
	// acknowledged records are missing.
	ErrShort = errors.New("journal is shorter than its signed head")
	// ErrBroken says that the chain does not verify where it was read.
	ErrBroken = errors.New("journal's hash chain is broken")
	// ErrHead says that the signed head is missing, forged or of another chain.
	ErrHead = errors.New("journal's signed head cannot be trusted")
	// ErrKey says that the keys that sign heads are missing, altered or readable by others.
	ErrKey = errors.New("journal's key cannot be used")
)

// Package chain is the journal's format: what a line, a segment, a head and a
// base are, how they are chained and signed, and how one step is checked
// against the one before. It reads files and never writes one.
//
// A segment holds one line a record:
//
//	<64 lower-case hex digits> <JSON>\n
//
// The digits are SHA-256 over the 32 bytes of the hash before, then the JSON.
// Before the very first line stand 32 zero bytes. The first line of a segment
// is its header, which is part of the chain but not a record; every other line
// is an event that begins with its seq (1, 2, 3 … across segments) and the
// microsecond at which the journal wrote it.
package chain

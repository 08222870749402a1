// Package ship sends a journal's records elsewhere. It reads behind the signed
// head only, remembers durably how far it came, tries for ever what is gone for
// a while, and sets aside what will never be accepted. It never loses a record,
// never holds up the journal, and never changes it.
//
// # What is promised
//
// A record is offered until the sink has taken it, or has said that it never
// will; then the cursor moves. A process that is killed in between offers some
// records again, under the same ids: a sink that keeps each id once, as a data
// stream does, therefore holds every record exactly once.
package ship

import (
	"context"
	"errors"
	"fmt"
)

// A Document is one record as a sink takes it.
type Document struct {
	ID   string // the same for the same record, for ever
	Body []byte // JSON on one line, without its end
}

// A Refusal is a document that the sink will never accept as it is.
type Refusal struct {
	Index int    // of the document in the batch
	Code  string // a stable code, such as "document_parsing_exception"; never a part of the document
}

// A Sink takes documents. Send returns nil only when every document is either
// taken, which includes that it was there before, or among the refusals. With
// an error nothing is known of any of them, and all are offered again; an error
// that is ErrRefused says that the batch as a whole will never be accepted.
// Send is called by one goroutine.
type Sink interface {
	Send(ctx context.Context, batch []Document) ([]Refusal, error)
}

// ErrRefused says that offering the same batch again is pointless. A batch of
// more than one document is then offered in halves.
var ErrRefused = errors.New("the batch was refused")

// A StatusError is an answer that is no success. It is ErrRefused when the
// status says that the fault lies in what was sent; whatever may pass with
// time, or by an operator's hand, is not.
type StatusError struct {
	Status int
	Code   string // the service's own word for it; "" for none
}

func (e *StatusError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("answered with status %d", e.Status)
	}
	return fmt.Sprintf("answered with status %d, %s", e.Status, e.Code)
}

// Is reports whether target is ErrRefused and the status means it: 400, 413,
// 415 and 422. 401, 403 and 404 are for an operator to mend.
func (e *StatusError) Is(target error) bool {
	if target != ErrRefused {
		return false
	}
	switch e.Status {
	case 400, 413, 415, 422:
		return true
	}
	return false
}

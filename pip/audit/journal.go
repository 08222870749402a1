package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

// Config says where a journal lives. Everything but Dir may be left zero.
type Config struct {
	Dir          string       // the journal's own folder; made when it does not exist
	Chain        string       // name of the chain, letters, digits and "._-"; "main" when empty
	SegmentBytes int64        // a segment is not begun to be written beyond this; 64 MiB when zero
	Log          *slog.Logger // for operators: failures and recoveries, never an event's contents
	Disk         Disk         // the operating system's files when nil

	// ReserveBytes are held in a file for when the disk is full: records of
	// those who have a session, and Wardgate's own, may then use all of it, what
	// strangers were allowed half, and their denials nothing. None when zero.
	ReserveBytes int64

	// Anchored is the newest head that an Anchor keeps of this chain. A folder
	// that does not hold its record is refused. Nil when none is kept.
	Anchored *chain.Head
}

// A Journal is the writing end of an activity log. It is safe for use by many
// goroutines at once; the more of them wait, the more share one sync.
type Journal struct {
	queue   chan *entry
	gate    sync.RWMutex // held shared while an entry is put in the queue
	closed  bool         // guarded by gate
	entries sync.Pool
	writer  *writer
	done    chan struct{} // closed when the writer has ended
	lock    *os.File
	pruning sync.Mutex
	end     error // of the writer; read after done
}

var _ pip.Journal = (*Journal)(nil)

// queueLength bounds the events that wait while the disk is slow. Further
// callers wait too, as long as their contexts let them.
const queueLength = 4096

// Open makes the folder's journal ready for writing, as its only writer. It
// reads only what lies beyond the signed head. What a crash left there is
// adopted as far as it is whole and chained; unacknowledged bytes after it are
// moved to a file of their own, and a record says so. Anything else that is
// wrong is refused without touching the folder: ErrShort, ErrBroken, ErrHead,
// ErrKey, ErrLocked, ErrRolledBack, ErrAnchor.
func Open(cfg Config) (*Journal, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	if err := durable.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	lock, err := takeLock(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	w, err := openWriter(cfg)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), lock.Close())
	}
	j := &Journal{
		queue:   make(chan *entry, queueLength),
		entries: sync.Pool{New: func() any { return &entry{done: make(chan error, 1)} }},
		writer:  w,
		done:    make(chan struct{}),
		lock:    lock,
	}
	go j.run()
	return j, nil
}

func (c Config) complete() (Config, error) {
	if c.Dir == "" {
		return c, errors.New("open journal: no folder is configured")
	}
	if c.Chain == "" {
		c.Chain = "main"
	}
	if !chain.ValidName(c.Chain) {
		return c, errors.New("open journal: the chain's name may hold 64 letters, digits and ._- only")
	}
	if c.ReserveBytes < 0 {
		return c, errors.New("open journal: the size of the reserve is negative")
	}
	if c.SegmentBytes < 0 {
		return c, errors.New("open journal: the size of a segment is negative")
	}
	if c.SegmentBytes == 0 {
		c.SegmentBytes = 64 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Disk == nil {
		c.Disk = osDisk{}
	}
	return c, nil
}

// An entry is one event on its way to the disk.
type entry struct {
	body  []byte       // the event's JSON without seq and time of writing
	rank  rank         // what it may use of the reserve
	err   error        // of writing it
	state atomic.Int32 // waiting, taken or abandoned
	done  chan error   // receives once, when the entry was taken
}

const (
	waiting int32 = iota
	taken
	abandoned
)

// Append records an event and returns nil only when it is durable. An event
// without a time is given the present one. When ctx ends first, Append returns
// its error and the record may or may not be written; after any other error it
// is not, save that a crash at that very moment may preserve it. In no case
// may anything be done on the strength of an event whose Append failed.
func (j *Journal) Append(ctx context.Context, e pip.Event) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	en := j.entries.Get().(*entry)
	var err error
	if en.body, err = chain.AppendEvent(en.body[:0], &e); err != nil {
		return err
	}
	en.rank, en.err = rankOf(&e), nil
	en.state.Store(waiting)
	if err := j.enqueue(ctx, en); err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	select {
	case err = <-en.done:
	case <-ctx.Done():
		if en.state.CompareAndSwap(waiting, abandoned) {
			return fmt.Errorf("append to journal: %w", ctx.Err())
		}
		select {
		case err = <-en.done:
		default:
			return fmt.Errorf("append to journal: %w", ctx.Err())
		}
	}
	if cap(en.body) <= keepBody {
		j.entries.Put(en)
	}
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	return nil
}

// keepBody is how large a buffer may be to be used again.
const keepBody = 32 << 10

func (j *Journal) enqueue(ctx context.Context, en *entry) error {
	j.gate.RLock()
	defer j.gate.RUnlock()
	if j.closed {
		return ErrClosed
	}
	select {
	case j.queue <- en:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Head returns the newest signed head. Kept outside the folder it is an
// anchor: proof, later, that the journal had come so far.
func (j *Journal) Head() chain.Head { return *j.writer.head.Load() }

// PublicKey verifies the journal's heads.
func (j *Journal) PublicKey() ed25519.PublicKey {
	return j.writer.key.Public().(ed25519.PublicKey)
}

// Err is nil while the journal can be written. Otherwise it is the failure
// that the next Append will first try to recover from.
func (j *Journal) Err() error {
	if p := j.writer.failure.Load(); p != nil {
		return *p
	}
	return nil
}

// Full reports whether the disk is full and the reserve in use.
func (j *Journal) Full() bool { return j.writer.full.Load() }

// Close writes what was handed to Append before, marks the journal as closed
// in good order, syncs it and lets go of the folder. Later Appends return
// ErrClosed. Closing again waits likewise and returns the same error.
func (j *Journal) Close() error {
	j.gate.Lock()
	if !j.closed {
		j.closed = true
		close(j.queue)
	}
	j.gate.Unlock()
	<-j.done
	return j.end
}

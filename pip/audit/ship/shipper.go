package ship

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// Parts are what a shipper cannot do without.
type Parts struct {
	Name    string // of the sink, in file names, records and metrics
	Journal string // the journal's folder
	State   string // folder of the cursor and of what was refused; made when it does not exist
	Sink    Sink
	Encode  func(chain string, r *reader.Record) (Document, error)
}

// Config is what may be left zero.
type Config struct {
	Bound    reader.Bound      // of a batch; 1000 records and 4 MiB when zero
	Least    time.Duration     // first wait after a failure; 500 ms when zero
	Most     time.Duration     // longest wait; 30 s when zero
	Patience time.Duration     // with one offer, until the sink has answered whole; two minutes when zero
	Journal  pip.Journal       // takes a record of every refusal; none when nil
	Head     func() chain.Head // the newest signed head, for Status; read from the folder when nil
	Log      *slog.Logger      // for operators; nothing of a document is ever in it
}

// A Shipper brings one journal to one sink.
type Shipper struct {
	parts    Parts
	cfg      Config
	cursor   cursor
	follower *reader.Follower
	backoff  backoff

	mu     sync.Mutex
	status Status
	oldest time.Time // when the oldest record of the batch in hand was written
}

// Status is how a shipper fares.
type Status struct {
	Position    reader.Position // the sink has everything up to here
	Behind      uint64          // acknowledged records that it does not have yet
	Lag         time.Duration   // since the oldest of them was written, as far as it was read
	LastSuccess time.Time       // zero for never since the start
	Shipped     uint64          // records taken since the start
	Refused     uint64          // records set aside since the start
	Failures    uint64          // attempts that failed since the start
	Fault       error           // of the newest attempt; nil while shipping goes well
}

var shipperName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// New takes up the cursor of an earlier run. Whether the journal still holds
// the cursor's record shows when Run reads.
func New(parts Parts, cfg Config) (*Shipper, error) {
	if err := required.Parts("ship journal", map[string]bool{
		"Name": parts.Name != "", "Journal": parts.Journal != "", "State": parts.State != "",
		"Sink": parts.Sink != nil, "Encode": parts.Encode != nil,
	}); err != nil {
		return nil, err
	}
	if !shipperName.MatchString(parts.Name) {
		return nil, errors.New("ship journal: a name is 1 to 32 lower-case letters, digits and dashes, and begins with a letter")
	}
	if err := durable.MkdirAll(parts.State, 0o700); err != nil {
		return nil, fmt.Errorf("ship journal: %w", err)
	}
	cfg = cfg.complete(parts.Journal)
	s := &Shipper{
		parts: parts, cfg: cfg,
		cursor:  cursor{filepath.Join(parts.State, parts.Name+".cursor")},
		backoff: backoff{least: cfg.Least, most: cfg.Most},
	}
	at, err := s.cursor.load()
	if err != nil {
		return nil, fmt.Errorf("ship journal: %w", err)
	}
	if s.follower, err = reader.Follow(parts.Journal, at); err != nil {
		return nil, fmt.Errorf("ship journal: %w", err)
	}
	s.status.Position = at
	return s, nil
}

func (c Config) complete(dir string) Config {
	if c.Least <= 0 {
		c.Least = 500 * time.Millisecond
	}
	if c.Most < c.Least {
		c.Most = max(30*time.Second, c.Least)
	}
	if c.Patience <= 0 {
		c.Patience = 2 * time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Head == nil {
		c.Head = func() chain.Head {
			h, _ := reader.HeadOf(dir) // without a head nothing is behind
			return h
		}
	}
	return c
}

// Name of the sink.
func (s *Shipper) Name() string { return s.parts.Name }

// Position is up to where the sink has everything. Segments that hold a later
// record must be kept.
func (s *Shipper) Position() reader.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status.Position
}

// Holds is the last record that the sink has: what follows it must be kept.
func (s *Shipper) Holds() uint64 { return s.Position().Seq }

var _ audit.Holder = (*Shipper)(nil)

// Status is how it fares now.
func (s *Shipper) Status() Status {
	head := s.cfg.Head()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	if head.Seq > st.Position.Seq {
		st.Behind = head.Seq - st.Position.Seq
	}
	if !s.oldest.IsZero() {
		st.Lag = max(0, time.Since(s.oldest))
	}
	return st
}

// Run ships until the context ends. It returns nothing: whatever goes wrong is
// tried again, is in the log once, and in Status until it is over.
func (s *Shipper) Run(ctx context.Context) {
	for ctx.Err() == nil {
		batch, err := s.follower.Next(ctx, s.cfg.Bound)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.failed("the journal cannot be followed", err)
			s.backoff.wait(ctx)
			continue
		}
		if !s.deliver(ctx, &batch) {
			return
		}
	}
}

// deliver returns false when the context ended before the batch was through.
func (s *Shipper) deliver(ctx context.Context, b *reader.Batch) bool {
	s.mu.Lock()
	s.oldest = b.Records[0].Written
	s.mu.Unlock()
	docs, err := s.encode(b)
	for err != nil {
		s.failed("records cannot be encoded", err)
		if !s.backoff.wait(ctx) {
			return false
		}
		docs, err = s.encode(b)
	}
	if !s.offer(ctx, docs) {
		return false
	}
	s.moved(b)
	return true
}

func (s *Shipper) encode(b *reader.Batch) ([]Document, error) {
	docs := make([]Document, len(b.Records))
	for i := range b.Records {
		var err error
		if docs[i], err = s.parts.Encode(b.End.Chain, &b.Records[i]); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// offer sends documents until the sink is through with all of them.
func (s *Shipper) offer(ctx context.Context, docs []Document) bool {
	for {
		refused, err := s.send(ctx, docs)
		switch {
		case err == nil && len(refused) == 0:
			s.succeeded(len(docs))
			return true
		case errors.Is(err, ErrRefused) && len(docs) > 1:
			half := len(docs) / 2
			return s.offer(ctx, docs[:half]) && s.offer(ctx, docs[half:])
		case errors.Is(err, ErrRefused):
			refused, err = []Refusal{{Code: code(err)}}, nil
		}
		if err == nil {
			err = s.setAside(ctx, docs, refused)
		}
		if err == nil {
			s.succeeded(len(docs) - len(refused))
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.failed("records are not taken; they wait in the journal", err)
		if !s.backoff.wait(ctx) {
			return false
		}
	}
}

// send makes one offer. A sink that takes the offer and then falls silent, in
// the middle of its answer or before it, has not taken anything: the same
// documents are offered again, under the same ids.
func (s *Shipper) send(ctx context.Context, docs []Document) ([]Refusal, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	return s.parts.Sink.Send(ctx, docs)
}

func code(err error) string {
	var status *StatusError
	if errors.As(err, &status) && status.Code != "" {
		return status.Code
	}
	return "refused"
}

// moved records that the batch is through. A cursor that cannot be saved costs
// a repetition after a restart, and nothing else.
func (s *Shipper) moved(b *reader.Batch) {
	err := s.cursor.save(b.End)
	s.mu.Lock()
	s.oldest = time.Time{}
	if err == nil {
		s.status.Position = b.End
	}
	s.mu.Unlock()
	if err != nil {
		s.failed("how far records were shipped cannot be saved", err)
	}
}

func (s *Shipper) succeeded(n int) {
	s.backoff.reset()
	s.mu.Lock()
	was := s.status.Fault
	s.status.Fault = nil
	s.status.LastSuccess = time.Now()
	s.status.Shipped += uint64(max(0, n))
	s.mu.Unlock()
	if was != nil {
		s.cfg.Log.Info("records are shipped again", "sink", s.parts.Name)
	}
}

// failed logs the first failure of a row.
func (s *Shipper) failed(what string, err error) {
	s.mu.Lock()
	first := s.status.Fault == nil
	s.status.Fault = fmt.Errorf("%s: %w", what, err)
	s.status.Failures++
	s.mu.Unlock()
	if first {
		s.cfg.Log.Warn(what, "sink", s.parts.Name, "error", err)
	}
}

// Package elastic keeps signals in Elasticsearch, for hospitals whose many
// enforcement points already share one. A batch of a process is one document,
// under an id of its own, so that a batch which was sent twice counts once;
// beside it stand the members that habits are made of. A refresh asks for the
// batches that are new since the last one and adds them up in memory: what it
// costs follows what happened in that second, not in the window. Nothing is
// ever asked for one request or one subject. It keeps no evidence: what it
// holds can be counted again from the journal.
package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pip/signals"
)

// DefaultPrefix begins the names of the indices; the day follows.
const DefaultPrefix = "wardgate-signals"

// day is how the indices of a day are named.
const day = "2006.01.02"

// A Store is one set of indices, and what was read of them. It is for one
// process: what an hour held is read once it is over, and not again.
type Store struct {
	client   esapi.Transport
	prefix   string
	prepared atomic.Bool

	reading sync.Mutex // one Counts at a time
	mu      sync.Mutex
	log     log
	noted   notes

	remembering sync.Mutex // one Habits at a time
	hours       memory
}

var _ signals.Store = (*Store)(nil)

// New returns a store over a client, which brings addresses, credentials and
// TLS. The first batch makes what it needs.
func New(client esapi.Transport, prefix string) *Store { return &Store{client: client, prefix: prefix} }

type object = map[string]any

// prepare makes the template of the indices, before the first of them.
func (s *Store) prepare(ctx context.Context) error {
	if s.prepared.Load() {
		return nil
	}
	keyword := object{"type": "keyword", "ignore_above": 256}
	date := object{"type": "date"}
	err := s.ask(ctx, http.MethodPut, "/_index_template/"+s.prefix, object{
		"index_patterns": []string{s.prefix + "-*"}, "priority": 500,
		"template": object{
			"settings": object{"index.number_of_shards": 1},
			"mappings": object{"dynamic": false, "properties": object{
				"origin": keyword, "number": object{"type": "long"}, "newest": date, // of a batch, whose tallies are not indexed
				"tallies": object{"type": "object", "enabled": false},
				"who":     keyword, "slot": date, "patients": keyword, "countries": keyword, // for habits
			}},
		},
	}, nil)
	s.prepared.Store(err == nil)
	return err
}

// Add keeps a batch, and counts it here at once when nothing before it is
// missing, or else when it is read. Documents that are there
// already are of an earlier attempt at the same batch, and are written again
// as they are.
func (s *Store) Add(ctx context.Context, b signals.Batch) error {
	if len(b.Tallies) == 0 {
		return nil
	}
	if err := s.prepare(ctx); err != nil {
		return fmt.Errorf("keep a batch: %w", err)
	}
	one := newBatch(&b)
	s.mu.Lock()
	members := s.noted.unnoted(&b)
	s.mu.Unlock()
	body, documents, err := s.body(&b, one, members)
	if err != nil {
		return fmt.Errorf("keep a batch: %w", err)
	}
	var answer struct {
		Items []struct {
			Index struct {
				Status int `json:"status"`
			} `json:"index"`
		} `json:"items"`
	}
	if err := s.send(ctx, http.MethodPost, "/_bulk?refresh=true&filter_path=items.*.status", body, &answer); err != nil {
		return fmt.Errorf("keep a batch: %w", err)
	}
	if len(answer.Items) != documents {
		return fmt.Errorf("keep a batch: %d documents were answered with %d results", documents, len(answer.Items))
	}
	for _, item := range answer.Items {
		if st := item.Index.Status; st != http.StatusCreated && st != http.StatusOK {
			return fmt.Errorf("keep a batch: a document is answered with status %d", st)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noted.note(members, b.Tallies)
	if s.log.follows(one) {
		s.log.take(one)
	}
	return nil
}

// body is the batch and its members as one bulk request. All of an origin is
// on one shard, in the order of its batches.
func (s *Store) body(b *signals.Batch, one *batch, members []member) (body *bytes.Buffer, documents int, err error) {
	body = &bytes.Buffer{}
	e := json.NewEncoder(body)
	put := func(id string, at time.Time, doc any) {
		op := object{"index": object{"_index": s.index(at), "_id": id, "routing": b.Origin}}
		if err == nil {
			err = e.Encode(op)
		}
		if err == nil {
			err = e.Encode(doc)
		}
		documents++
	}
	id := fmt.Sprintf("%s-%d", b.Origin, b.Number)
	put(id, one.Newest, one)
	for i := range members {
		m := &members[i]
		put(fmt.Sprintf("%s-%d", id, m.tally), m.Slot, m)
	}
	return body, documents, err
}

func (s *Store) index(at time.Time) string { return s.prefix + "-" + at.UTC().Format(day) }

// key names a document's subject or address; whoOf is its inverse.
func key(who signals.Who) string {
	if who.Subject != "" {
		return "s " + who.Subject
	}
	return "a " + who.Address
}

func whoOf(key string) signals.Who {
	if subject, ok := strings.CutPrefix(key, "s "); ok {
		return signals.Who{Subject: subject}
	}
	return signals.Who{Address: strings.TrimPrefix(key, "a ")}
}

// Sweep removes the indices of days that are no longer remembered.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	var indices map[string]any
	if err := s.ask(ctx, http.MethodGet, "/"+s.prefix+"-*/_settings?filter_path=*.settings.index.uuid", nil, &indices); err != nil {
		return fmt.Errorf("sweep signals: %w", err)
	}
	for name := range indices {
		of, err := time.Parse(day, strings.TrimPrefix(name, s.prefix+"-"))
		if err != nil || now.Sub(of) < signals.Remembered+48*time.Hour {
			continue
		}
		if err := s.ask(ctx, http.MethodDelete, "/"+name, nil, nil); err != nil {
			return fmt.Errorf("sweep signals: %w", err)
		}
	}
	return nil
}

// ask sends a document, or nothing when it is nil, and reads the answer.
func (s *Store) ask(ctx context.Context, method, path string, doc object, answer any) error {
	if doc == nil {
		return s.send(ctx, method, path, nil, answer)
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return s.send(ctx, method, path, bytes.NewReader(body), answer)
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 256 << 20

func (s *Store) send(ctx context.Context, method, path string, body io.Reader, answer any) error {
	return send(ctx, s.client, method, path, body, answer)
}

func send(ctx context.Context, client esapi.Transport, method, path string, body io.Reader, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, path, body)
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-ndjson")
		if !strings.HasPrefix(path, "/_bulk") && !strings.HasPrefix(path, "/_msearch") {
			r.Header.Set("Content-Type", "application/json")
		}
	}
	res, err := client.Perform(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	if res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("elasticsearch answered with status %d", res.StatusCode)
	}
	if answer == nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read elasticsearch's answer: %w", err)
	}
	if err := strictjson.DecodeKnown(text, answer); err != nil {
		return fmt.Errorf("elasticsearch's answer is misshapen: %w", err)
	}
	return nil
}

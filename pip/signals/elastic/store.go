// Package elastic keeps signals in Elasticsearch, for hospitals whose many
// enforcement points already share one. Each tally is a document of the day on
// which its slot began, under an id of its batch, so that a batch which was
// sent twice counts once. A refresh asks one question for everybody; nothing
// is ever asked for one request or one subject. It keeps no evidence: what it
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
	"sync/atomic"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/wardgate/wardgate/pip/signals"
)

// DefaultPrefix begins the names of the indices; the day follows.
const DefaultPrefix = "wardgate-signals"

// A Store is one set of indices.
type Store struct {
	client   esapi.Transport
	prefix   string
	prepared atomic.Bool
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
	number := object{"type": "integer"}
	properties := object{
		"who": keyword, "slot": object{"type": "date"}, "accounts": keyword, "patients": keyword, "countries": keyword,
		"external_kind": keyword, "external_events": number,
	}
	for _, name := range summed {
		properties[name] = number
	}
	properties["requests"] = number
	err := s.ask(ctx, http.MethodPut, "/_index_template/"+s.prefix, object{
		"index_patterns": []string{s.prefix + "-*"}, "priority": 500,
		"template": object{
			"settings": object{"index.number_of_shards": 1},
			"mappings": object{"dynamic": false, "properties": properties},
		},
	}, nil)
	s.prepared.Store(err == nil)
	return err
}

// The members of a tally that are added up, in the order of sums.
var summed = []string{
	"denials", "right", "relationship", "credential", "device", "predictions", "off_hours", "failed_log_ins", "nameless",
	"new_device", "new_country", "impossible_travel",
}

func sums(c *signals.Counts) []int {
	k := &c.DenialsByKind
	return []int{
		c.Denials, k.Right, k.Relationship, k.Credential, k.Device, c.Predictions, c.OffHours, c.FailedLogIns, c.Nameless,
		c.NewDevice, c.NewCountry, c.ImpossibleTravel,
	}
}

// Add creates the batch's documents. Those that are there already are of an
// earlier attempt at the same batch.
func (s *Store) Add(ctx context.Context, b signals.Batch) error {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	put := func(id string, slot time.Time, doc object) error {
		op := object{"create": object{"_index": s.prefix + "-" + slot.UTC().Format("2006.01.02"), "_id": id}}
		if err := e.Encode(op); err != nil {
			return err
		}
		return e.Encode(doc)
	}
	for i := range b.Tallies {
		t := &b.Tallies[i]
		id := fmt.Sprintf("%s-%d-%d", b.Origin, b.Number, i)
		if err := put(id, t.Slot, document(t)); err != nil {
			return fmt.Errorf("keep a batch: %w", err)
		}
		for kind, n := range t.External {
			doc := object{"who": key(t.Who), "slot": t.Slot.UTC(), "external_kind": kind, "external_events": n}
			if err := put(id+"-"+kind, t.Slot, doc); err != nil {
				return fmt.Errorf("keep a batch: %w", err)
			}
		}
	}
	if body.Len() == 0 {
		return nil
	}
	if err := s.prepare(ctx); err != nil {
		return fmt.Errorf("keep a batch: %w", err)
	}
	var answer struct {
		Items []struct {
			Create struct{ Status int }
		}
	}
	if err := s.send(ctx, http.MethodPost, "/_bulk?refresh=true&filter_path=items.*.status", &body, &answer); err != nil {
		return fmt.Errorf("keep a batch: %w", err)
	}
	if len(answer.Items) == 0 {
		return fmt.Errorf("keep a batch: the answer tells of no document")
	}
	for _, item := range answer.Items {
		if st := item.Create.Status; st != http.StatusCreated && st != http.StatusConflict {
			return fmt.Errorf("keep a batch: a document is answered with status %d", st)
		}
	}
	return nil
}

func document(t *signals.Tally) object {
	doc := object{"who": key(t.Who), "slot": t.Slot.UTC()}
	values := sums(&t.Counts)
	for i, name := range summed {
		if values[i] != 0 {
			doc[name] = values[i]
		}
	}
	if t.Requests != 0 {
		doc["requests"] = t.Requests
	}
	for name, members := range map[string][]string{"accounts": t.Accounts, "patients": t.Patients, "countries": t.Countries} {
		if len(members) > 0 {
			doc[name] = members
		}
	}
	return doc
}

// key is whom a document is about; whoOf is its inverse.
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

// Sweep removes the indices of days that nobody remembers.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	var indices map[string]any
	if err := s.ask(ctx, http.MethodGet, "/"+s.prefix+"-*/_settings?filter_path=*.settings.index.uuid", nil, &indices); err != nil {
		return fmt.Errorf("sweep signals: %w", err)
	}
	for name := range indices {
		day, err := time.Parse("2006.01.02", strings.TrimPrefix(name, s.prefix+"-"))
		if err != nil || now.Sub(day) < signals.Remembered+48*time.Hour {
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
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("elasticsearch's answer is misshapen: %w", err)
	}
	return nil
}

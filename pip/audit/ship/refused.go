package ship

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pip"
)

// actionRefused is what the journal says of documents that were set aside. The
// record about them is shipped too; when it is itself refused, no further
// record tells of it, or each would call for the next.
const actionRefused = "events.refuse"

type refusedLine struct {
	ID       string          `json:"id"`
	Code     string          `json:"code"`
	Document json.RawMessage `json:"document"`
}

type refusedFacts struct {
	Sink  string   `json:"sink"`
	Codes []string `json:"codes"`
	IDs   []string `json:"ids"`
}

// refusedShown bounds the ids that one record names; the file has all.
const refusedShown = 20

// setAside writes the refused documents to a file beside the cursor, durably,
// and then says so in the journal. Only after both may the cursor pass them.
func (s *Shipper) setAside(ctx context.Context, docs []Document, refused []Refusal) error {
	var text bytes.Buffer
	facts := refusedFacts{Sink: s.parts.Name}
	worth := 0
	for _, r := range refused {
		if r.Index < 0 || r.Index >= len(docs) {
			return fmt.Errorf("the sink refuses document %d of %d", r.Index, len(docs))
		}
		d := docs[r.Index]
		line, err := json.Marshal(refusedLine{ID: d.ID, Code: r.Code, Document: d.Body})
		if err != nil {
			return fmt.Errorf("set aside a refused record: %w", err)
		}
		text.Write(append(line, '\n'))
		if !bytes.Contains(d.Body, []byte(`"`+actionRefused+`"`)) {
			worth++
		}
		if len(facts.IDs) < refusedShown {
			facts.IDs, facts.Codes = append(facts.IDs, d.ID), append(facts.Codes, r.Code)
		}
	}
	path := filepath.Join(s.parts.State, s.parts.Name+".refused.ndjson")
	if err := appendDurably(path, text.Bytes()); err != nil {
		return fmt.Errorf("set aside a refused record: %w", err)
	}
	if err := durable.SyncFolder(s.parts.State); err != nil {
		return fmt.Errorf("set aside a refused record: %w", err)
	}
	if worth > 0 {
		if err := s.tell(ctx, len(refused), facts); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.status.Refused += uint64(len(refused))
	s.mu.Unlock()
	s.cfg.Log.Error("records were refused for good and set aside", "sink", s.parts.Name, "records", len(refused),
		"code", refused[0].Code, "file", path)
	return nil
}

// tell journals the refusal.
func (s *Shipper) tell(ctx context.Context, n int, facts refusedFacts) error {
	if s.cfg.Journal == nil {
		return nil
	}
	input, err := json.Marshal(facts)
	if err != nil {
		return fmt.Errorf("journal a refused record: %w", err)
	}
	err = s.cfg.Journal.Append(ctx, pip.Event{
		Kind: pip.KindSystem, Time: time.Now(), Action: actionRefused, Outcome: "failure",
		Detail: fmt.Sprintf("%s: %d records", s.parts.Name, n), Input: input,
	})
	if err != nil {
		return fmt.Errorf("journal a refused record: %w", err)
	}
	return nil
}

// Package elastic ships to a data stream of Elasticsearch, and makes that
// stream. A document is created under its own id, so that one that was offered
// twice is there once. It never updates and never deletes a document.
package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pip/audit/ship"
)

// A Sink is one data stream.
type Sink struct {
	client esapi.Transport
	stream string
}

var _ ship.Sink = (*Sink)(nil)

// New returns a sink over a client, which brings addresses, credentials and
// TLS, and makes sure that it speaks to Elasticsearch.
func New(client esapi.Transport, stream string) *Sink { return &Sink{client, stream} }

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// Send creates the documents by one bulk request. The stream must exist, or a
// template for it: a document never makes an index without a template.
func (s *Sink) Send(ctx context.Context, batch []ship.Document) ([]ship.Refusal, error) {
	required := true
	res, err := esapi.BulkRequest{
		Index: s.stream, Body: bytes.NewReader(body(batch)), RequireDataStream: &required,
		FilterPath: []string{"items.*.status", "items.*.error.type"},
	}.Do(ctx, s.client)
	if err != nil {
		return nil, fmt.Errorf("ship to elasticsearch: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	if res.IsError() {
		return nil, fmt.Errorf("ship to elasticsearch: %w", statusError(res))
	}
	var answer struct {
		Items []struct {
			Create item `json:"create"`
		} `json:"items"`
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("ship to elasticsearch: %w", err)
	}
	if err := strictjson.DecodeKnown(body, &answer); err != nil {
		return nil, fmt.Errorf("ship to elasticsearch: the answer is misshapen: %w", err)
	}
	if len(answer.Items) != len(batch) {
		return nil, fmt.Errorf("ship to elasticsearch: %d documents were answered with %d results", len(batch), len(answer.Items))
	}
	var refused []ship.Refusal
	for i := range answer.Items {
		switch it := &answer.Items[i].Create; {
		case it.taken():
		case it.refused():
			refused = append(refused, ship.Refusal{Index: i, Code: it.Error.Type})
		default:
			return nil, fmt.Errorf("ship to elasticsearch: a document is not taken: %w", &ship.StatusError{Status: retried(it.Status), Code: it.Error.Type})
		}
	}
	return refused, nil
}

func body(batch []ship.Document) []byte {
	size := 0
	for i := range batch {
		size += len(batch[i].Body) + len(batch[i].ID) + 32
	}
	b := make([]byte, 0, size)
	for i := range batch {
		id, _ := json.Marshal(batch[i].ID) // a string can always be encoded
		b = append(append(append(b, `{"create":{"_id":`...), id...), "}}\n"...)
		b = append(append(b, batch[i].Body...), '\n')
	}
	return b
}

// An item is what became of one document.
type item struct {
	Status int `json:"status"`
	Error  struct {
		Type string `json:"type"`
	} `json:"error"`
}

// taken: it was created, or it was there before.
func (i *item) taken() bool {
	return i.Status == http.StatusCreated || i.Status == http.StatusOK || i.Status == http.StatusConflict
}

// refused tells a document that will never fit from a cluster that an operator
// has to mend, which also answers 400: too many shards, a stream without its
// template, a blocked index.
func (i *item) refused() bool {
	if i.Status != http.StatusBadRequest {
		return false
	}
	switch i.Error.Type {
	case "document_parsing_exception", "mapper_parsing_exception", "strict_dynamic_mapping_exception",
		"illegal_argument_exception", "max_bytes_length_exceeded_exception":
		return true
	}
	return false
}

// retried keeps the status of one document from being taken for the batch's.
func retried(status int) int {
	if errors.Is(&ship.StatusError{Status: status}, ship.ErrRefused) {
		return http.StatusServiceUnavailable
	}
	return status
}

// statusError reads the code of an answer that is an error. Its text is left
// out: it may quote a document.
func statusError(res *esapi.Response) *ship.StatusError {
	e := &ship.StatusError{Status: res.StatusCode}
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || strictjson.DecodeKnown(body, &answer) != nil {
		return e
	}
	var typed struct {
		Type string `json:"type"`
	}
	if strictjson.DecodeKnown(answer.Error, &typed) == nil {
		e.Code = typed.Type
	}
	if strings.Contains(string(answer.Error), "no handler found") {
		e.Code = "no_handler_found"
	}
	return e
}

package console

import (
	"context"
	"encoding/json"

	"github.com/gin-gonic/gin"
)

const (
	pageRecords, maxPageRecords = 50, 500
	pageBytes                   = 4 << 20 // of the records' JSON; one record is shown however large it is
)

// A page is a part of the records, the oldest first. Next is what to name as
// after to read on, and nil when nothing follows.
type page struct {
	Items []json.RawMessage `json:"items"`
	Next  *uint64           `json:"next"`
}

func (h handler) records(c *gin.Context) {
	q := newQuery(c)
	filter, limit := q.filter(), int(q.number("limit", 1, maxPageRecords, pageRecords)) //nolint:gosec // at most 500
	if !q.understood(c) {
		return
	}
	h.reading(c, func(ctx context.Context) (any, error) { return h.page(ctx, filter, limit) })
}

func (h handler) page(ctx context.Context, filter Filter, limit int) (page, error) {
	p := page{Items: []json.RawMessage{}}
	size, last := 0, uint64(0)
	for r, err := range h.journal.Records(ctx, filter) {
		if err != nil {
			return page{}, err
		}
		if len(p.Items) == limit || len(p.Items) > 0 && size+len(r.JSON) > pageBytes {
			p.Next = &last
			break
		}
		p.Items = append(p.Items, r.JSON)
		size, last = size+len(r.JSON), r.Seq
	}
	return p, nil
}

// verify says whether the chain is whole, and what is wrong with it.
func (h handler) verify(c *gin.Context) {
	if !newQuery(c).understood(c) {
		return
	}
	h.reading(c, func(ctx context.Context) (any, error) {
		whole, report, err := h.journal.Verify(ctx)
		return gin.H{"whole": whole && err == nil, "report": report}, err
	})
}

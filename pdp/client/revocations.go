package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// Snapshot returns who is cut off, as the decision point's database has it: all
// of it, or what changed since the mark.
func (c *Client) Snapshot(ctx context.Context, since pip.Mark) (pip.Revocations, error) {
	known := url.Values{pdp.QueryEpoch: {since.Epoch}, pdp.QuerySequence: {strconv.FormatUint(since.Sequence, 10)}}
	var r pip.Revocations
	err := c.call(ctx, http.MethodGet, pdp.PathRevocations+"?"+known.Encode(), nil, &r, maxList)
	c.noteAnswer(err)
	if err != nil {
		return pip.Revocations{}, fmt.Errorf("ask who is cut off: %w", err)
	}
	if r.Mark == (pip.Mark{}) {
		return pip.Revocations{}, fmt.Errorf("ask who is cut off: the answer says nothing")
	}
	return r, nil
}

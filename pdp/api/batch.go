package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
)

// batchTimeout bounds a whole batch. Each of its decisions has its own bound.
const batchTimeout = 10 * time.Second

// A semantic says after which answer a batch ends.
type semantic string

const (
	executeAll          semantic = "execute_all"
	denyOnFirstDeny     semantic = "deny_on_first_deny"
	permitOnFirstPermit semantic = "permit_on_first_permit"
)

// ends tells whether nothing after a decision matters.
func (m semantic) ends(allowed bool) bool {
	return m == denyOnFirstDeny && !allowed || m == permitOnFirstPermit && allowed
}

// A batch is an AuthZEN access evaluations request. Without items it is one
// plain evaluation.
type batch struct {
	defaults parts
	items    []json.RawMessage
	semantic semantic
}

// answers is an AuthZEN access evaluations response, in the order of the
// request and as long as its semantic let it become.
type answers struct {
	Evaluations []answer `json:"evaluations"`
}

// evaluations answers one AuthZEN access evaluations request. A decision of a
// batch that is broken off is evidence too, though no caller got it.
func (s *Service) evaluations(ctx context.Context, from pdp.Caller, body object) (any, error) {
	b, err := readBatch(body)
	if err != nil {
		return nil, err
	}
	if len(b.items) == 0 {
		return s.single(ctx, from, body, "body")
	}
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	told, verdicts, err := s.run(ctx, from, b)
	if err := errors.Join(s.record(ctx, verdicts...), err); err != nil {
		return nil, err
	}
	return answers{Evaluations: told}, nil
}

// run asks the items one after the other, at one reading of the clock.
func (s *Service) run(ctx context.Context, from pdp.Caller, b batch) ([]answer, []verdict, error) {
	told := make([]answer, 0, len(b.items))
	verdicts := make([]verdict, 0, len(b.items))
	now := s.now()
	for _, item := range b.items {
		if ctx.Err() != nil {
			return nil, verdicts, errGone
		}
		q, err := b.question(item)
		if err != nil {
			told = append(told, unasked(err))
		} else {
			q.caller = from
			v, err := s.judge(ctx, q, now)
			if err != nil {
				return nil, verdicts, err
			}
			s.settle(&v)
			told, verdicts = append(told, v.answer()), append(verdicts, v)
		}
		if b.semantic.ends(told[len(told)-1].Decision) {
			break
		}
	}
	return told, verdicts, nil
}

// unasked is the answer to an item that asks nothing. It denies.
func unasked(err error) answer {
	return answer{Context: details{
		Reasons:     []string{reasonMalformed},
		Obligations: []pdp.Obligation{},
		Error:       &itemFault{Status: http.StatusBadRequest, Message: err.Error()},
	}}
}

// question reads one item over the batch's defaults: a member of the item
// replaces the default of that name whole.
func (b *batch) question(item json.RawMessage) (question, error) {
	own, ok := asObject(item)
	if !ok {
		return question{}, malformed{{Location: "evaluation", Message: messageObject}}
	}
	return readParts(own, "evaluation").over(b.defaults).question("evaluation")
}

// readBatch reads what concerns the batch whole. A default that is no object
// is a fault of the batch; one that lacks a member is a fault of the items
// that it is used for.
func readBatch(body object) (batch, error) {
	var r reading
	b := batch{semantic: r.semantic(body)}
	raw, there := body["evaluations"]
	if !there {
		return b, r.err()
	}
	if raw[0] != '[' || strictjson.Decode(raw, &b.items) != nil {
		r.fault("body.evaluations", "expected a list of objects")
	}
	if len(b.items) > BatchLimit {
		return batch{}, errBatch
	}
	if len(b.items) == 0 {
		return b, r.err()
	}
	for _, name := range members() {
		if _, there := body[name]; there {
			r.object(body, "body", name)
		}
	}
	b.defaults = readParts(body, "evaluation")
	return b, r.err()
}

// semantic reads the one option that there is.
func (r *reading) semantic(body object) semantic {
	if _, there := body["options"]; !there {
		return executeAll
	}
	options := r.object(body, "body", "options")
	raw, there := options["evaluations_semantic"]
	if !there {
		return executeAll
	}
	text, _ := plainText(raw, maxText)
	m := semantic(text)
	switch m {
	case executeAll, denyOnFirstDeny, permitOnFirstPermit:
	default:
		r.fault("body.options.evaluations_semantic", "expected execute_all, deny_on_first_deny or permit_on_first_permit")
	}
	return m
}

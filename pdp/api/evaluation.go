package api

import (
	"context"

	"github.com/wardgate/wardgate/pdp"
)

// evaluation answers one AuthZEN access evaluation request.
func (s *Service) evaluation(ctx context.Context, from pdp.Caller, body object) (any, error) {
	return s.single(ctx, from, body, "body")
}

// single answers the question that o asks; at is where o stands in the body.
func (s *Service) single(ctx context.Context, from pdp.Caller, o object, at string) (answer, error) {
	q, err := readQuestion(o, at)
	if err != nil {
		return answer{}, err
	}
	q.caller = from
	v, err := s.judge(ctx, q, s.now())
	if err != nil {
		return answer{}, err
	}
	s.settle(&v)
	if err := s.record(ctx, v); err != nil {
		return answer{}, err
	}
	return v.answer(), nil
}

// A document is what OPA's data API answers: the value of the path, and the
// id under which the decision stands in the journal: none of a denial that is one of
// so many that they are counted in one record.
type document struct {
	Result   answer `json:"result"`
	Decision string `json:"decision_id,omitempty"`
}

// data answers the same question in the envelope of OPA's data API.
func (s *Service) data(ctx context.Context, from pdp.Caller, body object) (any, error) {
	var r reading
	input := r.object(body, "body", "input")
	if input == nil {
		return nil, r.err()
	}
	a, err := s.single(ctx, from, input, "body.input")
	if err != nil {
		return nil, err
	}
	return document{Result: a, Decision: a.Context.ID}, nil
}

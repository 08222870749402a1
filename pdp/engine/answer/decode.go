package answer

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp"
)

// ErrMisshapen says that what the rule book answers is no decision.
var ErrMisshapen = errors.New("the policy's answer is misshapen")

// KeyID is under what an obligation names itself.
var KeyID = ast.InternedTerm("id")

var (
	keyDecision    = ast.InternedTerm("decision")
	keyContext     = ast.InternedTerm("context")
	keyReasons     = ast.InternedTerm("reasons")
	keyObligations = ast.InternedTerm("obligations")
	keyType        = ast.InternedTerm("type")
	keyProperties  = ast.InternedTerm("properties")
	keyGrounds     = ast.InternedTerm("grounds")
	keyRules       = ast.InternedTerm("rules")
	keyRight       = ast.InternedTerm("right")
	keyReach       = ast.InternedTerm("reach")
	keyFolder      = ast.InternedTerm("folder")
	keyCode        = ast.InternedTerm("code")
)

// Decode reads an AuthZEN answer, whose lists are sets in Rego (sorted when
// they are listed). Whatever is not exactly of that shape, or
// contradicts itself, is an error.
func Decode(t *ast.Term) (pdp.Decision, error) {
	answer, ok := t.Value.(ast.Object)
	if !ok {
		return pdp.Decision{}, ErrMisshapen
	}
	allow, ok := field[ast.Boolean](answer, keyDecision)
	context, ok2 := field[ast.Object](answer, keyContext)
	if !ok || !ok2 {
		return pdp.Decision{}, ErrMisshapen
	}
	reasons, err := decodeReasons(context)
	if err != nil {
		return pdp.Decision{}, err
	}
	obligations, err := decodeObligations(context)
	if err != nil {
		return pdp.Decision{}, err
	}
	grounds, err := decodeGrounds(context)
	if err != nil {
		return pdp.Decision{}, err
	}
	if bool(allow) == (len(reasons) > 0) || bool(allow) != (len(grounds.Rules) > 0) {
		return pdp.Decision{}, fmt.Errorf("%w: decision %t with %d reasons and %d rules that grant", ErrMisshapen, bool(allow), len(reasons), len(grounds.Rules))
	}
	return pdp.Decision{Allow: bool(allow), Reasons: reasons, Obligations: obligations, Grounds: grounds}, nil
}

func field[T ast.Value](o ast.Object, key *ast.Term) (T, bool) {
	var zero T
	t := o.Get(key)
	if t == nil {
		return zero, false
	}
	v, ok := t.Value.(T)
	return v, ok
}

func decodeReasons(context ast.Object) ([]string, error) {
	set, ok := field[ast.Set](context, keyReasons)
	if !ok {
		return nil, ErrMisshapen
	}
	if set.Len() == 0 {
		return nil, nil
	}
	reasons := make([]string, 0, set.Len())
	for _, t := range set.Slice() {
		code, ok := t.Value.(ast.String)
		if !ok || code == "" {
			return nil, ErrMisshapen
		}
		reasons = append(reasons, string(code))
	}
	return reasons, nil
}

func decodeObligations(context ast.Object) ([]pdp.Obligation, error) {
	set, ok := field[ast.Set](context, keyObligations)
	if !ok {
		return nil, ErrMisshapen
	}
	if set.Len() == 0 {
		return nil, nil
	}
	obligations := make([]pdp.Obligation, 0, set.Len())
	for _, t := range set.Slice() {
		o, ok := t.Value.(ast.Object)
		if !ok {
			return nil, ErrMisshapen
		}
		obligation, err := decodeObligation(o)
		if err != nil {
			return nil, err
		}
		obligations = append(obligations, obligation)
	}
	return obligations, nil
}

func decodeObligation(o ast.Object) (pdp.Obligation, error) {
	id, ok := field[ast.String](o, KeyID)
	kind, ok2 := field[ast.String](o, keyType)
	if !ok || !ok2 || id == "" {
		return pdp.Obligation{}, ErrMisshapen
	}
	obligation := pdp.Obligation{ID: string(id), Type: string(kind)}
	properties := o.Get(keyProperties)
	if properties == nil {
		return obligation, nil
	}
	plain, err := ast.JSON(properties.Value)
	if err != nil {
		return pdp.Obligation{}, fmt.Errorf("%w: %w", ErrMisshapen, err)
	}
	if obligation.Properties, err = json.Marshal(plain); err != nil {
		return pdp.Obligation{}, fmt.Errorf("%w: %w", ErrMisshapen, err)
	}
	return obligation, nil
}

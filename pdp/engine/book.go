package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp"
)

// A Book is one revision of a rule book that is asked about inputs which are
// already written down: a file, a journal's record. It gathers no facts, and
// asking has no effect. All its methods may be called in parallel.
type Book struct {
	rev      *revision
	compiler *ast.Compiler // of the written form
	rules    rego.PreparedEvalQuery
	remedies []remedy
}

// ErrInput says that a document is not an input that rules could read.
var ErrInput = errors.New("the input is not a JSON object")

// OpenBook loads the rule book in fsys as an Engine does, and refuses what an
// Engine refuses.
func OpenBook(fsys fs.FS) (*Book, error) {
	rev, err := load(fsys)
	if err != nil {
		return nil, err
	}
	files, err := readRuleBook(fsys)
	if err != nil {
		return nil, err
	}
	modules, err := parse(files)
	if err != nil {
		return nil, err
	}
	b := &Book{rev: rev}
	if b.compiler, err = compileModules(modules); err != nil {
		return nil, err
	}
	ctx := context.Background()
	b.rules, err = rego.New(rego.Query("rules := data.authz.rules"), rego.Compiler(b.compiler),
		rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare the rules: %w", err)
	}
	results, err := rego.New(rego.Query(tablesQuery), rego.Compiler(b.compiler)).Eval(ctx)
	if err != nil || len(results) != 1 {
		return nil, errors.Join(errors.New("package authz.tables is missing"), err)
	}
	b.remedies, err = readRemedies(results[0].Expressions[0].Value)
	return b, err
}

// Revision is the digest of the rule book.
func (b *Book) Revision() string { return b.rev.digest }

// Ask answers an input document. With an error the decision is the zero one.
func (b *Book) Ask(ctx context.Context, input json.RawMessage) (pdp.Decision, error) {
	document, err := readInput(input)
	if err != nil {
		return pdp.Decision{}, err
	}
	return b.ask(ctx, document)
}

func (b *Book) ask(ctx context.Context, document map[string]any) (pdp.Decision, error) {
	value, err := ast.InterfaceToValue(document)
	if err != nil {
		return pdp.Decision{}, fmt.Errorf("%w: %w", ErrInput, err)
	}
	d, err := b.rev.ask(ctx, value)
	if err != nil {
		return pdp.Decision{}, fmt.Errorf("ask the rule book: %w", err)
	}
	d.Revision = b.rev.digest
	return d, nil
}

// distinctKeys reports whether no object has a key twice: which of the two
// values counts is for nobody to guess. What is no JSON is left to the decoder.
func distinctKeys(raw []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	var open []map[string]bool // of the objects around; nil for an array
	key := false               // the next text of an object is a key
	for {
		token, err := decoder.Token()
		if err != nil {
			return true
		}
		inObject := len(open) > 0 && open[len(open)-1] != nil
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				open, key = append(open, map[string]bool{}), true
				continue
			case '[':
				open, key = append(open, nil), false
				continue
			}
			open = open[:len(open)-1]
			key = len(open) > 0 && open[len(open)-1] != nil
			continue
		case string:
			if inObject && key {
				if open[len(open)-1][t] {
					return false
				}
				open[len(open)-1][t] = true
				key = false
				continue
			}
		}
		key = inObject
	}
}

// readInput reads one JSON object and nothing after it.
func readInput(raw json.RawMessage) (map[string]any, error) {
	if !distinctKeys(raw) {
		return nil, fmt.Errorf("%w: an object in it has one key twice", ErrInput)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil || document == nil {
		return nil, ErrInput
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrInput
	}
	return document, nil
}

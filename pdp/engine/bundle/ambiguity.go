package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// checkAmbiguity refuses JSON that has two readings. A signature covers the
// values of a JSON file, not its bytes: a name that occurs twice would let one
// reader see what another did not sign.
func checkAmbiguity(files map[string][]byte) error {
	for _, name := range []string{manifestName, dataName, signaturesName} {
		content, ok := files[name]
		if !ok {
			continue
		}
		if err := readsOneWay(content); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrMalformed, name, err)
		}
	}
	if _, ok := files[manifestName]; !ok {
		return fmt.Errorf("%w: %s is missing", ErrVersion, manifestName)
	}
	return nil
}

func readsOneWay(content []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := value(decoder, 0); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// maxDepth bounds the recursion, which runs before anything is verified.
const maxDepth = 32

func value(decoder *json.Decoder, depth int) error {
	if depth > maxDepth {
		return errors.New("it is nested too deeply")
	}
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return object(decoder, depth)
	case json.Delim('['):
		for decoder.More() {
			if err := value(decoder, depth+1); err != nil {
				return err
			}
		}
		_, err = decoder.Token()
	}
	return err
}

// object folds case, because Go's decoder does when it fills a struct.
func object(decoder *json.Decoder, depth int) error {
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		folded := strings.Map(leastFold, name)
		if seen[folded] {
			return fmt.Errorf("%q occurs twice", name)
		}
		seen[folded] = true
		if err := value(decoder, depth+1); err != nil {
			return err
		}
	}
	_, err := decoder.Token()
	return err
}

// leastFold is the least of the runes that are one letter in different case.
func leastFold(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

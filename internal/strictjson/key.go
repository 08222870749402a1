package strictjson

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A keySet holds the folded keys of one object. Most objects have few.
type keySet struct {
	few  [8][]byte
	n    int
	many map[string]bool
}

// add takes a folded key. It returns false when the object has had it, in
// whatever case.
func (k *keySet) add(key []byte) bool {
	if k.has(key) {
		return false
	}
	switch {
	case k.n < len(k.few):
		k.few[k.n] = key
		k.n++
	case k.many == nil:
		k.many = map[string]bool{string(key): true}
	default:
		k.many[string(key)] = true
	}
	return true
}

func (k *keySet) has(key []byte) bool {
	for _, one := range k.few[:k.n] {
		if bytes.Equal(one, key) {
			return true
		}
	}
	return k.many[string(key)]
}

// foldQuoted returns the folded key of a valid JSON string. One that is plain
// already is not copied.
func foldQuoted(quoted []byte, escaped bool) []byte {
	plain := quoted[1 : len(quoted)-1]
	if !escaped && lowerASCII(plain) {
		return plain
	}
	var key string
	if err := json.Unmarshal(quoted, &key); err != nil {
		return quoted // cannot be: it was scanned; as it has its quotes it equals no key
	}
	return []byte(fold(key))
}

func lowerASCII(s []byte) bool {
	for _, c := range s {
		if c >= 0x80 || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return true
}

// fold maps keys that a case-insensitive reader takes for one to one spelling.
func fold(key string) string { return strings.ToLower(strings.ToUpper(key)) }

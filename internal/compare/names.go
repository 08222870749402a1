package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// names gives what is random a name that both sides share: where it was first
// seen. An id that appears elsewhere on one side than on the other is a
// difference there, and at no later place.
type names struct {
	first   map[string]string
	digests map[string]string // SHA-256 of what was sent -> what it is of
}

func newNames() *names { return &names{first: map[string]string{}, digests: map[string]string{}} }

// sent has the names of digests know what one request consists of.
func (n *names) sent(body string, targets ...string) {
	clear(n.digests)
	add := func(what, text string) {
		sum := sha256.Sum256([]byte(text))
		n.digests[hex.EncodeToString(sum[:])] = "‹digest of " + what + "›"
	}
	for _, target := range targets {
		if _, rest, whole := strings.Cut(target, "://"); whole {
			_, target, _ = strings.Cut(rest, "/")
			target = "/" + target
		}
		path, query, _ := strings.Cut(target, "?")
		add("the path", path)
		add("the query", query)
	}
	add("the body", body)
}

// secretMembers hold what is drawn at random, or grows from it.
var secretMembers = map[string]bool{
	"challenge": true, "enrolment_code": true, "secret": true, "otpauth_uri": true, "recovery_codes": true,
	"refresh_token": true, "device": true, "kid": true, "x": true, "y": true, "number": true, "fp": true, "footprint": true,
}

// looseMembers hold seconds that are counted down: they may differ by one or two.
var looseMembers = map[string]bool{"expires_in": true, "refresh_after": true, "Retry-After": true, "retry_after": true}

// ignoredMembers tell of clocks and of the revision alone.
var ignoredMembers = map[string]bool{"seq": true, "written": true, "revision": true, "iat": true, "exp": true, "nbf": true, "auth_time": true}

var (
	times  = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)
	uuids  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	base32 = regexp.MustCompile(`\b[A-Z2-7]{26}\b`)
	hexed  = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	ports  = regexp.MustCompile(`127\.0\.0\.1:\d{4,5}`)
	token  = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`)
	sealed = regexp.MustCompile(`[A-Za-z0-9_-]{43,}`)
)

// text names what is random in a text; where is the text's place.
func (n *names) text(where, text string) string {
	text = times.ReplaceAllString(text, "‹time›")
	for _, random := range []*regexp.Regexp{uuids, base32} {
		text = random.ReplaceAllStringFunc(text, func(id string) string { return n.name(where, id) })
	}
	text = hexed.ReplaceAllStringFunc(text, func(sum string) string {
		if known, is := n.digests[sum]; is {
			return known
		}
		return sum
	})
	return ports.ReplaceAllString(text, "‹listener›")
}

func (n *names) name(where, id string) string {
	known, is := n.first[id]
	if !is {
		known = "‹first seen at " + where + "›"
		n.first[id] = known
	}
	return known
}

// value names what is random in a JSON value that was read with numbers kept
// as they are written.
func (n *names) value(where, member string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		// In one order, so that both sides see what is random first in one place.
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner := v[name]
			switch {
			case ignoredMembers[name]:
			case name == "ages":
				out[name] = keysOf(inner)
			default:
				out[name] = n.value(where+"/"+name, name, inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = n.value(fmt.Sprintf("%s/%d", where, i), member, inner)
		}
		return out
	case string:
		return n.leaf(where, member, v)
	default:
		return v
	}
}

func (n *names) leaf(where, member, text string) any {
	if token.FindString(text) == text && text != "" {
		return n.token(where, text)
	}
	if secretMembers[member] && text != "" && !uuids.MatchString(text) {
		return fmt.Sprintf("‹%d characters›", len(text))
	}
	return n.text(where, text)
}

// token takes a JSON Web Token apart: what it states is compared, its signature
// is not.
func (n *names) token(where, text string) any {
	parts := strings.Split(text, ".")
	out := map[string]any{}
	for i, part := range []string{"header", "claims"} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return text
		}
		inner, ok := readJSON(raw)
		if !ok {
			return text
		}
		out[part] = n.value(where+"/"+part, part, inner)
	}
	return out
}

// page names what is random in a text that is not JSON.
func (n *names) page(where, text string) string {
	text = token.ReplaceAllString(text, "‹token›")
	text = sixDigits.ReplaceAllString(n.text(where, text), "‹code›")
	return sealed.ReplaceAllStringFunc(text, func(s string) string { return fmt.Sprintf("‹%d characters›", len(s)) })
}

// keysOf keeps the names of measured values: how long each took is weather.
func keysOf(v any) any {
	m, is := v.(map[string]any)
	if !is {
		return v
	}
	out := make(map[string]any, len(m))
	for name := range m {
		out[name] = "‹measured›"
	}
	return out
}

func readJSON(raw []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return nil, false
	}
	return v, true
}

package assertion

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// An assertion goes with every request that is forwarded, so it is written here
// by hand: a token that is made by reflection takes four times as long. The
// service reads one with the library.

// header is the first part of every assertion, and the dot behind it.
var header = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"`+tokenType+`"}`)) + "."

// A signer is what one signature takes, to be used again.
type signer struct {
	mac     hash.Hash
	payload []byte
	token   []byte
}

func newSigners(secret []byte) *sync.Pool {
	return &sync.Pool{New: func() any { return &signer{mac: hmac.New(sha256.New, secret)} }}
}

var errText = errors.New("sign assertion: a claim is not UTF-8")

// Sign states c to the application audience. Of the registered claims only the
// subject is the caller's; issuer, audience and times are set here. A claim that
// is not UTF-8 is an error: what is read has to be what was written.
func (k *Key) Sign(c Claims, audience string, now time.Time) (string, error) {
	s := k.macs.Get().(*signer)
	defer k.macs.Put(s)
	w := writer{b: append(s.payload[:0], '{')}
	w.claims(&c, audience, now)
	w.b = append(w.b, '}')
	s.payload = w.b
	if w.bad {
		return "", errText
	}
	token := append(s.token[:0], header...)
	token = base64.RawURLEncoding.AppendEncode(token, s.payload)
	s.mac.Reset()
	s.mac.Write(token) // of a hash, never an error
	token = append(token, '.')
	var sum [sha256.Size]byte
	s.token = base64.RawURLEncoding.AppendEncode(token, s.mac.Sum(sum[:0]))
	return string(s.token), nil
}

// A writer writes members of a JSON object, each behind a comma but the first.
type writer struct {
	b   []byte
	bad bool // a text was no text
}

func (w *writer) claims(c *Claims, audience string, now time.Time) {
	w.text("iss", issuer)
	w.optional("sub", c.Subject)
	w.name("aud")
	w.b = append(w.b, '[')
	w.quote(audience)
	w.b = append(w.b, ']')
	w.number("exp", now.Add(lifetime).Unix())
	w.number("iat", now.Unix())
	w.text("role", c.Role)
	for _, member := range [...]struct{ name, value string }{
		{"staff", c.Staff}, {"patient", c.Patient}, {"department", c.Department},
		{"sid", c.Session}, {"token_jti", c.TokenID}, {"footprint", c.Footprint},
		{"address", c.Address}, {"user_agent", c.UserAgent},
		{"handle", c.Handle}, {"host", c.Host}, {"scheme", c.Scheme}, {"query", c.QueryDigest}, {"body", c.BodyDigest},
	} {
		w.optional(member.name, member.value)
	}
	w.optionally("cookie", c.ByCookie)
	w.text("action", c.Action)
	w.text("decision", c.Decision)
	w.text("method", c.Method)
	w.text("path", c.Path)
	if c.Rows != nil {
		w.name("rows")
		w.condition(c.Rows)
	}
	if len(c.Withhold) > 0 {
		w.name("withhold")
		w.list(len(c.Withhold), func(i int) { w.quote(c.Withhold[i]) })
	}
	w.optionally("withhold_fragile", c.WithholdFragile)
	if c.Budget != nil {
		w.name("budget")
		w.b = append(w.b, '{')
		w.number("rows", int64(c.Budget.Rows))
		w.number("seconds", int64(c.Budget.Seconds))
		w.b = append(w.b, '}')
	}
}

func (w *writer) condition(c *Condition) {
	w.b = append(w.b, '{')
	w.text("type", c.Type)
	w.optional("operator", c.Operator)
	w.optional("field", c.Field)
	w.optional("value", c.Value)
	if len(c.Conditions) > 0 {
		w.name("conditions")
		w.list(len(c.Conditions), func(i int) { w.condition(&c.Conditions[i]) })
	}
	w.b = append(w.b, '}')
}

func (w *writer) list(length int, element func(i int)) {
	w.b = append(w.b, '[')
	for i := range length {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		element(i)
	}
	w.b = append(w.b, ']')
}

func (w *writer) name(name string) {
	if last := w.b[len(w.b)-1]; last != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(append(append(w.b, '"'), name...), '"', ':')
}

func (w *writer) text(name, value string) {
	w.name(name)
	w.quote(value)
}

// optional leaves a claim out that is "".
func (w *writer) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

// optionally leaves a claim out that is false.
func (w *writer) optionally(name string, value bool) {
	if value {
		w.name(name)
		w.b = append(w.b, "true"...)
	}
}

func (w *writer) number(name string, n int64) {
	w.name(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

const hexadecimal = "0123456789abcdef"

// quote writes a string (RFC 8259, section 7).
func (w *writer) quote(s string) {
	if !utf8.ValidString(s) {
		w.bad = true
		return
	}
	w.b = append(w.b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		w.b = append(w.b, s[from:i]...)
		if c < ' ' {
			w.b = append(w.b, '\\', 'u', '0', '0', hexadecimal[c>>4], hexadecimal[c&15])
		} else {
			w.b = append(w.b, '\\', c)
		}
		from = i + 1
	}
	w.b = append(append(w.b, s[from:]...), '"')
}

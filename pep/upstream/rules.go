package upstream

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/assertion"
)

// Rules say which headers go to one application beside the usual ones, and which of its
// answers' are taken out or written. Names are in canonical spelling.
type Rules struct {
	Pass   []string          // of requests, that clients send
	Remove []string          // of requests, that would pass
	Set    map[string]string // of requests

	AnswerRemove []string
	AnswerSet    map[string]string

	// Tell are headers of requests that say who asks, and which fact each holds: one of
	// Facts.
	Tell map[string]string
}

// None reports whether there is no rule.
func (r *Rules) None() bool {
	return len(r.Pass)+len(r.Remove)+len(r.Set)+len(r.AnswerRemove)+len(r.AnswerSet)+len(r.Tell) == 0
}

// Facts names what a header may tell of who asks.
func Facts() []string {
	return append([]string{factAccount, factUsername}, assertion.StatementClaims()...)
}

const (
	factAccount  = "account"
	factUsername = "username"
)

// Who asks, as applications may be told.
type Who struct {
	Account, Username string
	Claims            map[string]string // by the names of assertion.StatementClaims
}

// knows is one of Facts, "" where it is not known.
func (w *Who) knows(fact string) string {
	switch fact {
	case factAccount:
		return w.Account
	case factUsername:
		return w.Username
	}
	return w.Claims[fact]
}

// hopByHop names headers of one connection (RFC 9110, section 7.6.1), and Wardgate's own.
// Of names that end in "-" all that begin so are meant, here and below.
var hopByHop = []string{
	"connection", "http2-settings", "keep-alive", "proxy-", "te", "trailer", "transfer-encoding", "upgrade", "wardgate-",
}

// neverSent names headers that no rule may bring into a request: they are credentials, say
// where a body ends or what it is, from where a request came, or that another one is meant
// than the one that was decided.
var neverSent = append([]string{
	"authorization", "content-", "cookie", "cookie2", "destination", "expect", "forwarded", "front-end-https", "host", "max-forwards",
	"true-client-ip", "via", "cf-connecting-ip", "x-accel-", "x-client-", "x-cluster-client-ip", "x-envoy-", "x-forwarded-", "x-http-method", "x-http-method-override",
	"x-method-override", "x-original-", "x-real-ip", "x-rewrite-", "x-ssl-", "x-url-scheme",
}, hopByHop...)

// neverWritten names headers that no rule may write into an answer, beside those that no
// application may send.
var neverWritten = []string{"content-encoding", "content-length", "content-range", "content-type", "date", "www-authenticate"}

// toldUnder names headers that say who asks, among those that begin as neverSent has it.
var toldUnder = []string{"x-forwarded-email", "x-forwarded-groups", "x-forwarded-preferred-username", "x-forwarded-user"}

// Folded is a header's name as applications may read it: those that make variables of
// headers tell neither cases nor dashes, dots and underscores apart.
func Folded(name string) string { return string(appendFolded(nil, name)) }

func appendFolded(b []byte, name string) []byte {
	for _, r := range name {
		switch {
		case 'A' <= r && r <= 'Z':
			b = append(b, byte(r)+'a'-'A')
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b = append(b, byte(r))
		default:
			b = append(b, '-')
		}
	}
	return b
}

// among reports whether a list has a name.
func among(list []string, name string) bool {
	plain := Folded(name)
	return slices.ContainsFunc(list, func(entry string) bool {
		return entry == plain || strings.HasSuffix(entry, "-") && strings.HasPrefix(plain, entry)
	})
}

// named checks that a name may be that of a header.
func named(name string) error {
	if !headerName.MatchString(name) {
		return errors.New("expected the name of a header: letters, digits and dashes")
	}
	return nil
}

// CheckSent says why no rule may bring a header into requests; nil when one may.
func CheckSent(name string) error {
	switch err := named(name); {
	case err != nil:
		return err
	case among([]string{"authorization", "cookie", "proxy-authorization"}, name):
		return errors.New("credentials for the application are for credentials to say, and a client's never go on")
	case among(neverSent, name):
		return errors.New("it is the connection's or Wardgate's own, or would say that another request is meant")
	}
	return nil
}

// CheckRemoved says why a header need not be taken out of requests.
func CheckRemoved(name string) error {
	if !slices.Contains(Forwarded(), http.CanonicalHeaderKey(name)) {
		return errors.New("it does not go on anyway")
	}
	return nil
}

// Forwarded names the headers of clients that go on to every application but Wardgate's own
// services, of which some answer no parts.
func Forwarded() []string { return slices.Concat(forwarded, parts) }

// Answered names the headers of answers that reach clients without being configured.
func Answered() []string { return slices.Clone(answered) }

// CheckWritten says why no rule may write a header into answers; nil when one may.
func CheckWritten(name string) error {
	switch err := named(name); {
	case err != nil:
		return err
	case among(never, name) || among(neverWritten, name):
		return errors.New("it is the connection's or Wardgate's own, or says what the answer itself is")
	}
	return nil
}

// CheckTold says why a header cannot say who asks; nil when it can.
func CheckTold(name string) error {
	switch err := named(name); {
	case err != nil:
		return err
	case slices.Contains(toldUnder, Folded(name)):
		return nil
	case slices.Contains(Forwarded(), http.CanonicalHeaderKey(name)):
		return errors.New("clients send it, and it goes on: expected a name that means nothing else, such as Remote-User")
	case among(neverSent, name):
		return errors.New("it means something else: expected a name such as Remote-User")
	}
	return nil
}

const mostValue = 4 << 10

// CheckValue says why a text is no value of a header.
func CheckValue(value string) error {
	if !isValue(value) {
		return fmt.Errorf("expected a value of visible ASCII characters and blanks between them, at most %d", mostValue)
	}
	return nil
}

func isValue(value string) bool {
	return value != "" && len(value) <= mostValue && strings.TrimSpace(value) == value &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r > 0x7e })
}

// Check says what is wrong with r. told are all names, folded, under which any application
// is told who asks.
func (r *Rules) Check(told map[string]bool) error {
	var faults []error
	fault := func(name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	sent := func(name string) {
		fault(name, CheckSent(name))
		if told[Folded(name)] {
			fault(name, errTold)
		}
	}
	for _, name := range r.Pass {
		sent(name)
	}
	for name, value := range r.Set {
		sent(name)
		fault(name, CheckValue(value))
	}
	for name, value := range r.AnswerSet {
		fault(name, CheckWritten(name))
		fault(name, CheckValue(value))
	}
	for name, fact := range r.Tell {
		fault(name, CheckTold(name))
		if !slices.Contains(Facts(), fact) {
			fault(name, fmt.Errorf("%q is nothing that is told", fact))
		}
	}
	return errors.Join(faults...)
}

var errTold = errors.New("it says to an application who asks: no client and no rule may")

// Apply brings the rules for requests into the headers that go on, of those that came.
func (r *Rules) Apply(in, out http.Header) {
	for _, name := range r.Pass {
		if values := in[name]; len(values) > 0 {
			out[name] = values
		}
	}
	for _, name := range r.Remove {
		delete(out, name)
	}
	if _, has := out["User-Agent"]; !has {
		out["User-Agent"] = nil // keeps the transport from naming itself
	}
	for name, value := range r.Set {
		out[name] = []string{value}
	}
}

// Strip takes out of the headers that go on what says who asks, under any spelling.
func Strip(out http.Header, told map[string]bool) {
	if len(told) == 0 {
		return
	}
	var room [64]byte
	for name := range out {
		if told[string(appendFolded(room[:0], name))] { // a look-up copies nothing
			delete(out, name)
		}
	}
}

// ApplyToAnswer does that for an answer that was scrubbed.
func (r *Rules) ApplyToAnswer(h http.Header) {
	for _, name := range r.AnswerRemove {
		delete(h, name)
	}
	for name, value := range r.AnswerSet {
		h[name] = []string{value}
	}
}

// ErrUntold says that what is known of who asks is no value of a header.
var ErrUntold = errors.New("who asks cannot be told in a header")

// TellWho writes who asks into the headers that go on. A request without an account has
// none of them, and a fact that is not known has no header.
func (r *Rules) TellWho(h http.Header, who *Who) error {
	if who.Account == "" {
		return nil
	}
	for name, fact := range r.Tell {
		value := who.knows(fact)
		if value == "" {
			continue
		}
		if !isValue(value) {
			return fmt.Errorf("%w: %s", ErrUntold, fact)
		}
		h[name] = []string{value}
	}
	return nil
}

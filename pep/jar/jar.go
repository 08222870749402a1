package jar

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pep/session"
)

const (
	mostCookies = 20      // of one application at a browser, as far as one request brings them
	mostBytes   = 8 << 10 // of their names and values, as the application has them
	mostCookie  = 2 << 10 // of the name and value of one
	mostPath    = 256
	mostID      = 128 // of a session
	mostTime    = 20  // digits of a time

	mostSealed = mostCookie + mostPath + mostID + mostTime + 4
)

// Why a cookie was refused, as the log has it.
const (
	Foreign   = "other_session" // brought; set under another session
	Forged    = "unreadable"    // brought; cut, swapped, or of another host, application or key
	Altered   = "not_as_set"    // brought; a plain one that the application did not set so
	Copied    = "older_copy"    // brought; a newer one of the same name and path came beside it
	Malformed = "malformed"
	OwnName   = "own_name" // a name like Wardgate's own
	TooLarge  = "too_large"
	TooMany   = "too_many" // in number, or in bytes together
	Masked    = "masked"   // with an answer of which something is taken out
)

// Refused counts cookies by why they were refused.
type Refused map[string]int

// A Jar has the cookies of one application in one session, for one request and its answer.
type Jar struct {
	sealer      *session.Sealer
	policy      *Policy
	at          session.Origin
	application string
	session     string

	held  map[place]int // what the browser has and keeps: bytes of each
	gone  []string      // lines that have it forget the others
	page  bool          // the request is for a page, as far as the browser says
	bytes int
}

// A place is what tells cookies of one host apart.
type place struct{ name, path string }

// New returns the jar of an application at its origin, of a session's id.
func New(sealer *session.Sealer, policy *Policy, at session.Origin, application, id string) *Jar {
	return &Jar{sealer: sealer, policy: policy, at: at, application: application, session: id, held: map[place]int{}}
}

// A kind of cookie that Wardgate sets for an application.
type kind string

const (
	sealed    kind = "wardgate-app-"  // holds the application's own
	companion kind = "wardgate-with-" // says whose the plain one is that stands beside it
)

// prefix is how names of the kind begin. A browser takes them over TLS alone where the
// origin has it.
func (j *Jar) prefix(k kind) string {
	if j.at.Scheme == "https" {
		return "__Secure-" + string(k)
	}
	return string(k)
}

// called is the browser's name of the cookie for one of the application's. It is the same
// in all sessions: what is set under one takes the place of another's.
func (j *Jar) called(k kind, name string) string {
	sum := sha256.Sum256([]byte(name))
	return j.prefix(k) + base64.RawURLEncoding.EncodeToString(sum[:12])
}

// holds is what a cookie of Wardgate's has inside. Of a companion the value is the digest
// of the plain one's.
type holds struct {
	session, path, name, value string
	set                        int64 // when, in microseconds since 1970
}

func (in *holds) place() place { return place{in.name, in.path} }

func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

func (j *Jar) seal(k kind, in holds) (value string, err error) {
	name := j.called(k, in.name)
	return j.sealer.SealApplication([]byte(strings.Join([]string{in.session, in.path, in.name, in.value, strconv.FormatInt(in.set, 10)}, "\x00")), j.at, j.application, name)
}

func (j *Jar) open(k kind, brought pair) (holds, error) {
	text, err := j.sealer.OpenApplication(brought.value, j.at, j.application, brought.name, mostSealed)
	if err != nil {
		return holds{}, err
	}
	parts := strings.Split(string(text), "\x00")
	if len(parts) == 4 { // set before times were
		parts = append(parts, "0")
	}
	if len(parts) != 5 || j.called(k, parts[2]) != brought.name {
		return holds{}, session.ErrForged
	}
	set, err := strconv.ParseInt(parts[4], 10, 64)
	if err != nil {
		return holds{}, session.ErrForged
	}
	return holds{parts[0], parts[1], parts[2], parts[3], set}, nil
}

// hold counts a cookie that the browser has, and reports whether there is room for it.
func (j *Jar) hold(at place, size int) bool {
	was, has := j.held[at]
	if size > mostCookie || !has && len(j.held) >= mostCookies || j.bytes-was+size > mostBytes {
		return false
	}
	j.bytes += size - was
	j.held[at] = size
	return true
}

func (j *Jar) forget(name, path string) {
	line := j.line(name, "", path, "; Max-Age=0", true, "")
	if isName(name) && len(j.gone) < 4*mostCookies && !slices.Contains(j.gone, line) {
		j.gone = append(j.gone, line)
	}
}

// forgetSomewhere is forget for a cookie of which it is not known where it was set. It may
// be of a whole domain, and come back: so that is tried with pages alone.
func (j *Jar) forgetSomewhere(name string) {
	if j.page {
		j.forget(name, "/")
	}
}

// Forgotten are lines of Set-Cookie that have the browser forget what did not go on, each
// where it was set. They stand before those of Give.
func (j *Jar) Forgotten() []string { return j.gone }

// Give returns the lines of Set-Cookie that a browser gets for those of an application's
// answer to a request for path. An error says that the key is not known.
func (j *Jar) Give(lines []string, path string, now time.Time) (given []string, refused Refused, err error) {
	refused = Refused{}
	if len(j.session) > mostID || strings.ContainsRune(j.session, 0) {
		return nil, Refused{TooLarge: len(lines)}, nil
	}
	for _, text := range lines {
		c, ok := read(text, path)
		switch size := len(c.name) + len(c.value); {
		case !ok:
			refused[Malformed]++
		case reserved(c.name):
			refused[OwnName]++
		case !j.policy.Sealed && !slices.Contains(j.policy.Plain, c.name): // as configured
		case size > mostCookie || len(c.path) > mostPath || len(c.name) > mostName:
			refused[TooLarge]++
		case c.over(now):
			given = append(given, j.takenBack(c)...)
		case !j.hold(place{c.name, c.path}, size):
			refused[TooMany]++
		default:
			more, err := j.given(c, now)
			if err != nil {
				return nil, nil, err
			}
			given = append(given, more...)
		}
	}
	return given, refused, nil
}

// given are the lines for one cookie of the application.
func (j *Jar) given(c cookie, now time.Time) ([]string, error) {
	if j.policy.Sealed {
		value, err := j.seal(sealed, holds{j.session, c.path, c.name, c.value, now.UnixMicro()})
		return []string{j.line(j.called(sealed, c.name), value, c.path, c.expiry, true, c.sameSite)}, err
	}
	value, err := j.seal(companion, holds{j.session, c.path, c.name, digest(c.value), now.UnixMicro()})
	return []string{
		j.line(c.name, c.value, c.path, c.expiry, c.httpOnly, c.sameSite),
		j.line(j.called(companion, c.name), value, c.path, c.expiry, true, c.sameSite),
	}, err
}

// takenBack are the lines for a cookie that the application has the browser forget.
func (j *Jar) takenBack(c cookie) []string {
	at := place{c.name, c.path}
	j.bytes -= j.held[at]
	delete(j.held, at)
	const gone = "; Max-Age=0"
	if j.policy.Sealed {
		return []string{j.line(j.called(sealed, c.name), "", c.path, gone, true, "")}
	}
	return []string{j.line(c.name, "", c.path, gone, c.httpOnly, ""), j.line(j.called(companion, c.name), "", c.path, gone, true, "")}
}

// line is one of Set-Cookie: of this host alone, whatever the application said.
func (j *Jar) line(name, value, path, expiry string, httpOnly bool, sameSite string) string {
	line := name + "=" + value + "; Path=" + path + expiry
	if httpOnly {
		line += "; HttpOnly"
	}
	if j.at.Scheme == "https" {
		line += "; Secure"
	}
	if sameSite == "" {
		sameSite = "Lax"
	}
	return line + "; SameSite=" + sameSite
}

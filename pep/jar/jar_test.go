package jar_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/jar"
	"github.com/wardgate/wardgate/pep/session"
)

// keyOf is a source of one key.
type keyOf string

func (k keyOf) CookieKey() (pdp.CookieKey, error) {
	if k == "" {
		return pdp.CookieKey{}, errors.New("not known yet")
	}
	return pdp.CookieKey{Secret: bytes.Repeat([]byte(k), 32)}, nil
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const (
	lab  = "https://lab.test"
	mine = "session-1"
)

var (
	sealed = jar.Policy{Sealed: true}
	plain  = jar.Policy{Plain: []string{"theme", "csrf"}}
)

// A place is the host, application and session in which cookies are read or set.
type place struct {
	policy               jar.Policy
	at, application, sid string
	key                  keyOf
}

func at(policy jar.Policy) place { return place{policy, lab, "lab", mine, "k"} }

func (p place) jar(t testing.TB) *jar.Jar {
	t.Helper()
	o, err := session.ParseOrigin(p.at)
	if err != nil {
		t.Fatal(err)
	}
	return jar.New(session.NewSealer(p.key), &p.policy, o, p.application, p.sid)
}

// A browser has cookies by name and path, as RFC 6265 has them.
type browser map[string]string

func (b browser) take(t testing.TB, lines []string) {
	t.Helper()
	for _, line := range lines {
		c, err := http.ParseSetCookie(line)
		if err != nil || c.Path == "" || c.Domain != "" || c.SameSite == 0 {
			t.Fatalf("set %q: %v", line, err)
		}
		if c.MaxAge < 0 {
			delete(b, c.Name+" "+c.Path)
			continue
		}
		_, pair, _ := strings.Cut(line, "=")
		pair, _, _ = strings.Cut(pair, ";")
		b[c.Name+" "+c.Path] = pair
	}
}

func (b browser) header() http.Header {
	var all []string
	for key, value := range b {
		name, _, _ := strings.Cut(key, " ")
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	return http.Header{"Cookie": {strings.Join(all, "; ")}}
}

// set is a browser to which an application has set cookies.
func set(t testing.TB, p place, lines ...string) browser {
	t.Helper()
	given, refused, err := p.jar(t).Give(lines, "/app/page", noon)
	if err != nil || len(refused) > 0 {
		t.Fatalf("refused %v, %v", refused, err)
	}
	b := browser{}
	b.take(t, given)
	return b
}

// ask is what goes on of what the browser brings, which then forgets what it is told to.
func (b browser) ask(t testing.TB, p place) (string, jar.Refused) {
	t.Helper()
	j := p.jar(t)
	line, refused, err := j.Take(b.header())
	if err != nil {
		t.Fatal(err)
	}
	b.take(t, j.Forgotten())
	return line, refused
}

func TestASealedCookieGoesAndComes(t *testing.T) {
	given, _, err := at(sealed).jar(t).Give([]string{`PHPSESSID=hush 1,2; Path=/app; Domain=hospital.test; SameSite=None; Max-Age=60; Expires=Mon, 02 Mar 2026 13:00:00 GMT`}, "/", noon)
	if err != nil || len(given) != 1 {
		t.Fatalf("got %q, %v", given, err)
	}
	name, rest, _ := strings.Cut(given[0], "=")
	_, attributes, _ := strings.Cut(rest, "; ")
	if !strings.HasPrefix(name, "__Secure-wardgate-app-") || attributes != "Path=/app; Max-Age=60; Expires=Mon, 02 Mar 2026 13:00:00 GMT; HttpOnly; Secure; SameSite=Lax" ||
		strings.Contains(given[0], "hush") || strings.Contains(given[0], "PHPSESSID") {
		t.Errorf("got %s", given[0])
	}
	b := browser{}
	b.take(t, given)
	if line, refused := b.ask(t, at(sealed)); line != "PHPSESSID=hush 1,2" || len(refused) > 0 {
		t.Errorf("got %q, %v", line, refused)
	}
	for want, line := range map[string]string{
		"Path=/app; HttpOnly; Secure; SameSite=Lax":  "a=b",
		"Path=/; HttpOnly; Secure; SameSite=Strict":  "a=b; Path=/; SameSite=strict; Secure",
		"Path=/app; HttpOnly; Secure; SameSite=Lax ": "a=b; Path=app",
	} {
		given, _, _ := at(sealed).jar(t).Give([]string{line}, "/app/page", noon)
		if len(given) != 1 || !strings.HasSuffix(given[0], "; "+strings.TrimSpace(want)) {
			t.Errorf("%q: got %q, want %s", line, given, want)
		}
	}
	p := place{sealed, "http://lab.localhost:8080", "lab", mine, "k"}
	if given, _, _ := p.jar(t).Give([]string{"a=b; Secure"}, "/", noon); len(given) != 1 || !strings.HasPrefix(given[0], "wardgate-app-") || strings.Contains(given[0], "; Secure") {
		t.Errorf("on plain HTTP: got %q", given)
	}
}

func TestACookieIsForgottenWhenTheApplicationSaysSo(t *testing.T) {
	for _, policy := range []jar.Policy{sealed, plain} {
		for _, line := range []string{"theme=; Path=/x; Max-Age=0", "theme=a; Path=/x; Max-Age=-5", "theme=a; Path=/x; Expires=Mon, 02 Mar 2026 11:00:00 GMT"} {
			b := set(t, at(policy), "theme=dark; Path=/x", "csrf=1")
			more, _, err := at(policy).jar(t).Give([]string{line}, "/", noon)
			b.take(t, more)
			if got, refused := b.ask(t, at(policy)); err != nil || got != "csrf=1" || len(refused) > 0 {
				t.Errorf("%q: got %q, %v, %v", line, got, refused, err)
			}
		}
	}
}

// What another one set is never forwarded, and of another session it is forgotten where
// it was set, at once.
func TestCookiesOfOthersGoNowhere(t *testing.T) {
	for _, policy := range []jar.Policy{sealed, plain} {
		for name, tt := range map[string]struct {
			change func(*place)
			why    string
		}{
			"another session":         {func(p *place) { p.sid = "session-2" }, jar.Foreign},
			"a longer name of it":     {func(p *place) { p.sid = mine + "0" }, jar.Foreign},
			"another application":     {func(p *place) { p.application = "pacs" }, jar.Forged},
			"another host":            {func(p *place) { p.at = "https://lab2.test" }, jar.Forged},
			"another port":            {func(p *place) { p.at = "https://lab.test:8443" }, jar.Forged},
			"another key":             {func(p *place) { p.key = "l" }, jar.Forged},
			"one that passes nothing": {func(p *place) { p.policy = jar.Policy{Plain: []string{"other"}} }, jar.Foreign},
		} {
			b := set(t, at(policy), "theme=dark; Path=/", "csrf=2; Path=/deep/er")
			other := at(policy)
			tt.change(&other)
			line, refused := b.ask(t, other)
			if line != "" || refused[tt.why] != 2 {
				t.Errorf("%s: got %q, %v", name, line, refused)
			}
			if tt.why == jar.Foreign && len(b) > 0 {
				t.Errorf("%s: the browser keeps %v", name, b)
			}
			if line, _ := b.ask(t, at(policy)); tt.why == jar.Foreign && line != "" {
				t.Errorf("%s: and it came back", name)
			}
		}
	}
}

// The next person's own cookies of the same names live beside nothing of the last one's.
func TestTheNextPersonSendsNothingOfTheLast(t *testing.T) {
	for _, policy := range []jar.Policy{sealed, plain} {
		b := set(t, at(policy), "theme=dark; Path=/", "csrf=1; Path=/app")
		next := at(policy)
		next.sid = "session-2"
		j := next.jar(t)
		line, _, _ := j.Take(b.header())
		given, _, _ := j.Give([]string{"theme=light; Path=/"}, "/", noon)
		b.take(t, append(j.Forgotten(), given...))
		if again, refused := b.ask(t, next); line != "" || again != "theme=light" || len(refused) > 0 {
			t.Errorf("got %q and then %q, %v", line, again, refused)
		}
		if back, _ := b.ask(t, at(policy)); back != "" || len(b) > 0 {
			t.Errorf("the first one, back: got %q and keeps %v", back, b)
		}
	}
}

func TestAValueThatWasChangedGoesNowhere(t *testing.T) {
	b := set(t, at(sealed), "a=one; Path=/", "b=two; Path=/")
	var names, values []string
	for key, value := range b {
		name, _, _ := strings.Cut(key, " ")
		names, values = append(names, name), append(values, value)
	}
	for name, cookie := range map[string]string{
		"cut": names[0] + "=" + values[0][:len(values[0])-2], "longer": names[0] + "=" + values[0] + "AA", "swapped": names[0] + "=" + values[1],
		"empty": names[0] + "=", "its text": names[0] + "=a", "quoted": names[0] + `="` + values[0] + `"`, "a line end": names[0] + "=" + values[0][:9] + "\n" + values[0][9:],
		"another name": "__Secure-wardgate-app-AAAAAAAAAAAAAAAA=" + values[0], "another kind": strings.Replace(names[0], "-app-", "-with-", 1) + "=" + values[0],
		"case of the prefix": strings.Replace(names[0], "__Secure", "__SECURE", 1) + "=" + values[0], "without it": strings.TrimPrefix(names[0], "__Secure-") + "=" + values[0],
		"by its own name": "a=one", "of Wardgate": "__Host-wardgate=x", "huge": names[0] + "=" + strings.Repeat("A", 20_000),
	} {
		line, _, err := at(sealed).jar(t).Take(http.Header{"Cookie": {cookie}})
		if line != "" || err != nil {
			t.Errorf("%s: got %q, %v", name, line, err)
		}
	}
}

// A plain cookie goes on as the application set it and not otherwise, in pairs that fit.
func TestAPlainCookieIsAsItWasSet(t *testing.T) {
	b := set(t, at(plain), "theme=dark; Path=/; HttpOnly", `csrf="1 2"; Path=/`)
	if line, refused := b.ask(t, at(plain)); line != `csrf="1 2"; theme=dark` || len(refused) > 0 {
		t.Errorf("got %q, %v", line, refused)
	}
	companions := ""
	for key, value := range b {
		if name, _, _ := strings.Cut(key, " "); strings.HasPrefix(name, "__Secure-wardgate-with-") {
			companions += name + "=" + value + "; "
		}
	}
	for name, cookie := range map[string]string{
		"without companions": "theme=dark", "another value": companions + "theme=light", "swapped": companions + `theme="1 2"; csrf=dark`,
		"the case of the name": companions + "Theme=dark; THEME=dark", "not listed": companions + "sid=1; wardgate=x; __Host-wardgate=y", "the longer": companions + "theme=darker",
	} {
		if line, _, err := at(plain).jar(t).Take(http.Header{"Cookie": {cookie}}); line != "" || err != nil {
			t.Errorf("%s: got %q, %v", name, line, err)
		}
	}
	// One that was planted beside it, by a neighbouring host, does not take its place.
	if line, refused, _ := at(plain).jar(t).Take(http.Header{"Cookie": {"theme=planted; " + companions + "theme=dark"}}); line != "theme=dark" || refused[jar.Altered] != 1 {
		t.Errorf("got %q, %v", line, refused)
	}
	given, refused, _ := at(plain).jar(t).Give([]string{"theme=a; Path=/; HttpOnly", "sid=hush"}, "/", noon)
	if len(given) != 2 || given[0] != "theme=a; Path=/; HttpOnly; Secure; SameSite=Lax" || len(refused) > 0 {
		t.Errorf("got %q, %v", given, refused)
	}
}

func TestWhatIsNoCookieIsRefused(t *testing.T) {
	long := strings.Repeat("x", 2048)
	for line, why := range map[string]string{
		"": jar.Malformed, "=": jar.Malformed, "=wardgate=evil": jar.Malformed, "=__Host-wardgate=evil": jar.Malformed, "theme": jar.Malformed, "the me=1": jar.Malformed,
		"theme=a\x00b": jar.Malformed, "theme=\xff": jar.Malformed, `theme={"a":1}`: jar.Malformed, "th\teme=1": jar.Malformed, "theme[]=1": jar.Malformed,
		"wardgate=x": jar.OwnName, "__Host-wardgate=x": jar.OwnName, "__HOST-Wardgate=x": jar.OwnName, "__Secure-wardgate=x": jar.OwnName, "__Secure-__Host-wardgate-device=x": jar.OwnName,
		"  wardgate =x": jar.OwnName, "WARDGATE-nonce=x": jar.OwnName, "__Host-wardgate-form=x": jar.OwnName, "__Secure-wardgate-app-AAAA=x": jar.OwnName, "wardgate-with-A=x": jar.OwnName,
		"theme=" + long: jar.TooLarge, strings.Repeat("n", 200) + "=1": jar.TooLarge, "theme=1; Path=/" + long[:300]: jar.TooLarge,
	} {
		given, refused, err := at(sealed).jar(t).Give([]string{line}, "/", noon)
		if len(given) > 0 || err != nil || refused[why] != 1 {
			t.Errorf("%.40q: got %q, %v, %v, want %s", line, given, refused, err, why)
		}
		if given, _, err := at(plain).jar(t).Give([]string{line}, "/", noon); len(given) > 0 || err != nil {
			t.Errorf("%.40q, plain: got %q, %v", line, given, err)
		}
	}
	if given, refused, _ := at(sealed).jar(t).Give([]string{"a=b"}, "/a;Domain=hospital.test/b", noon); len(given) > 0 || refused[jar.Malformed] != 1 {
		t.Errorf("an attribute in the path: got %q, %v", given, refused)
	}
}

// However many an application sets, in one answer or in many, a browser brings a bounded
// number that its head has room for.
func TestCookiesAreFewAndSmall(t *testing.T) {
	for _, policy := range []jar.Policy{sealed, plain} {
		names := []string{}
		for i := range 20 {
			names = append(names, fmt.Sprintf("n%d", i))
		}
		if !policy.Sealed {
			policy.Plain = names
		}
		b := browser{}
		for round := range 5 {
			j := at(policy).jar(t)
			if _, _, err := j.Take(b.header()); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for i := range 20 {
				lines = append(lines, fmt.Sprintf("n%d=%s; Path=/%d", i, strings.Repeat("v", 1000), round))
			}
			given, refused, err := j.Give(lines, "/", noon)
			b.take(t, append(slices.Clone(j.Forgotten()), given...))
			if err != nil || refused[jar.TooMany] < 12 {
				t.Errorf("round %d: refused %v, %v", round, refused, err)
			}
		}
		if n := len(b.header().Get("Cookie")); n > 16<<10 || n < 8<<10 {
			t.Errorf("a browser has %d cookies in %d bytes", len(b), n)
		}
		many := []string{}
		for i := range 100 {
			many = append(many, fmt.Sprintf("n%d=1; Path=/%d", i%20, i))
		}
		given, refused, _ := at(policy).jar(t).Give(many, "/", noon)
		if refused[jar.TooMany] != 80 || len(given) != map[bool]int{true: 20, false: 40}[policy.Sealed] {
			t.Errorf("of 100: %d given, refused %v", len(given), refused)
		}
		// Answers to requests at once do not know of each other: the next request tells.
		b = browser{}
		for i := range 3 {
			given, _, _ := at(policy).jar(t).Give(many[20*i:20*i+20], "/", noon)
			b.take(t, given)
		}
		if line, refused := b.ask(t, at(policy)); strings.Count(line, "=") != 20 || refused[jar.TooMany] != 40 {
			t.Errorf("of 60 brought: %d went on, %v", strings.Count(line, "="), refused)
		}
		if line, refused := b.ask(t, at(policy)); strings.Count(line, "=") != 20 || len(refused) > 0 {
			t.Errorf("and then: %d, %v", strings.Count(line, "="), refused)
		}
	}
}

// While the key is not known nothing goes on, and nothing is forgotten.
func TestWithoutAKeyNothingGoes(t *testing.T) {
	for _, policy := range []jar.Policy{sealed, plain} {
		b := set(t, at(policy), "theme=dark")
		p := at(policy)
		p.key = ""
		j := p.jar(t)
		if line, _, err := j.Take(b.header()); line != "" || err == nil || len(j.Forgotten()) > 0 {
			t.Errorf("got %q, %v", line, err)
		}
		if given, _, err := j.Give([]string{"theme=a"}, "/", noon); len(given) > 0 || err == nil {
			t.Errorf("got %q, %v", given, err)
		}
	}
}

func FuzzASetCookieReachesNobodyElse(f *testing.F) {
	for _, line := range []string{"a=b", "a=b; Domain=x; Path=/;", "=wardgate=x", "theme=1; Path=/a;b", `csrf="a b"; Expires=x`} {
		f.Add(line, "/a/b")
	}
	f.Fuzz(func(t *testing.T, line, path string) {
		for _, policy := range []jar.Policy{sealed, plain} {
			given, _, err := at(policy).jar(t).Give([]string{line}, path, noon)
			if err != nil {
				t.Fatal(err)
			}
			for _, one := range given {
				c, err := http.ParseSetCookie(one)
				if err != nil || c.Domain != "" || !c.Secure || len(c.Unparsed) > 0 || !strings.HasPrefix(c.Path, "/") ||
					!slices.Contains(plain.Plain, c.Name) && !strings.HasPrefix(c.Name, "__Secure-wardgate-") || strings.ContainsAny(one, "\r\n\x00") {
					t.Errorf("%q became %q", line, one)
				}
			}
		}
	})
}

// An application has the browser forget a cookie by a date that browsers read, in whatever
// form (RFC 6265, section 5.1.1).
func TestDatesAreReadAsBrowsersReadThem(t *testing.T) {
	for _, date := range []string{
		"Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01-Jan-1970 00:00:01 GMT", "Thu, 01-Jan-70 00:00:00 GMT", "Thursday, 01-Jan-70 00:00:00 GMT",
		"Thu, 1 Jan 1970 0:00:00 GMT", "Thu Jan  1 00:00:00 1970", "Thu, 01 January 1970 00:00:00 +0000", "01 Jan 00 12:00:00 UTC", "thu, 01 jAN 1970 00:00:00",
	} {
		given, refused, err := at(sealed).jar(t).Give([]string{"sid=deleted; Expires=" + date}, "/", noon)
		if err != nil || len(refused) > 0 || len(given) != 1 || !strings.Contains(given[0], "Max-Age=0") {
			t.Errorf("%s: got %q, %v, %v", date, given, refused, err)
		}
	}
	for date, want := range map[string]string{
		"Fri, 01-Jan-60 00:00:00 GMT": "Expires=Thu, 01 Jan 2060 00:00:00 GMT", "1 Mar 2060 1:2:3": "Expires=Mon, 01 Mar 2060 01:02:03 GMT", // the weekday is not read
		"soon": "", "31 Feb 2060 00:00:00": "", "1 Jan 1500 00:00:00": "", "1 Jan 2060 24:00:00": "", "1 Jan 2060": "", "Jan 2060 00:00:00": "", "": "",
	} {
		given, _, err := at(sealed).jar(t).Give([]string{"sid=1; Expires=" + date}, "/", noon)
		if err != nil || len(given) != 1 || want != "" && !strings.Contains(given[0], want) || want == "" && strings.Contains(given[0], "Expires") || strings.Contains(given[0], "Max-Age") {
			t.Errorf("%s: got %q, %v", date, given, err)
		}
	}
}

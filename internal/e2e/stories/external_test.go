package stories_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// aLaboratory is an application of the hospital's that nobody wrote for
// Wardgate. It remembers the requests it got.
type aLaboratory struct {
	*httptest.Server
	mu  sync.Mutex
	got []http.Header
}

func newLaboratory(t *testing.T) *aLaboratory {
	t.Helper()
	l := &aLaboratory{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.got = append(l.got, r.Header.Clone())
		l.mu.Unlock()
		w.Header().Set("ETag", `"whole"`)
		if r.URL.Path == "/lab/reports/plain" {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "national id: INVENTED-ID")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"items":[{"id":9007199254740993,"national_id":"INVENTED-ID","value":1.50}]}`)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *aLaboratory) requests() []http.Header {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]http.Header(nil), l.got...)
}

func TestForeignApplicationIsMaskedForTheRole(t *testing.T) {
	lab := newLaboratory(t)
	w := rig.New(t, func(c *config.Config) {
		c.Policies = rig.BookWithLaboratory(t)
		c.PEP.Applications = []string{"lab=" + lab.URL}
	})
	w.Anonymous().Get("/lab/reports/r-1").Is(401)
	if got := lab.requests(); len(got) != 0 {
		t.Fatalf("a stranger reached the laboratory: %v", got)
	}
	nurse, doctor := w.As("nurse"), w.As("doctor")
	a := nurse.Get("/lab/reports/r-1").Is(200)
	if got, want := string(a.Body), `{"items":[{"id":9007199254740993,"value":1.50}]}`; got != want {
		t.Errorf("the nurse got %s, want %s", got, want)
	}
	if a.Header.Get("Wardgate-Withheld") != "/items/*/national_id" || a.Header.Get("ETag") != "" {
		t.Errorf("the nurse got header %v", a.Header)
	}
	if a := nurse.Get("/lab/reports/plain"); a.Status != 502 || strings.Contains(string(a.Body), "INVENTED") {
		t.Errorf("an answer that cannot be masked: got %d %s", a.Status, a.Body)
	}
	if a := doctor.Get("/lab/reports/r-1").Is(200); !strings.Contains(string(a.Body), "INVENTED-ID") || a.Header.Get("Wardgate-Withheld") != "" {
		t.Errorf("the doctor got %s", a.Body)
	}
	for _, h := range lab.requests() {
		for _, name := range []string{"Authorization", "Cookie", "Wardgate-Assertion"} {
			if h.Get(name) != "" {
				t.Errorf("%s reached the laboratory", name)
			}
		}
	}
}

func TestForeignApplicationsAreChecked(t *testing.T) {
	for name, entry := range map[string]string{
		"no name": "=https://lab.test", "no url": "lab", "own name": "records=https://lab.test", "plain": "lab=http://lab.test:80",
		"plain elsewhere": "lab=http://192.0.2.1:80", "path": "lab=https://lab.test/x", "user": "lab=https://u:p@lab.test", "other scheme": "lab=ftp://127.0.0.1:21",
		"another own name": "signals=https://lab.test", "no audience": "lab=https://lab.test claims=role", "a word": "lab=https://lab.test fast",
		"a foreign header": "lab=https://lab.test audience=a header=Cookie", "a claim": "lab=https://lab.test audience=a claims=session",
		"an answer too small": "lab=https://lab.test answer_limit=1", "an answer without end": "lab=https://lab.test answer_limit=999999999999",
		"an empty audience": "lab=https://lab.test audience=", "two lists of claims": "lab=https://lab.test audience=a claims=role claims=staff",
	} {
		c := config.Default()
		c.PEP.Applications = []string{entry}
		err := c.Check()
		if err == nil || !strings.Contains(err.Error(), "pep.applications") || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%s: got %v, want a fault of pep.applications", name, err)
		}
	}
}

// What other proxies forward to is told by them in which header.
func TestApplicationsElsewhereAreChecked(t *testing.T) {
	for name, test := range map[string]struct {
		entries []string
		want    string
	}{
		"plain":          {[]string{"imaging"}, ""},
		"with identity":  {[]string{"imaging audience=https://imaging.test claims=role"}, ""},
		"nameless":       {[]string{""}, "expected the name"},
		"an address":     {[]string{"imaging=https://imaging.test"}, "expected names"},
		"a header":       {[]string{"imaging audience=a header=X-User"}, "in which header"},
		"an answer":      {[]string{"imaging answer_limit=4096"}, "answer_limit"},
		"an own service": {[]string{"records"}, `"records" is taken`},
		"twice":          {[]string{"imaging", "imaging"}, `"imaging" is taken`},
	} {
		c := config.Default()
		c.ExtAuth.Applications = test.entries
		err := c.Check()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), "extauth.applications") || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

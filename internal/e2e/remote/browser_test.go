package remote_test

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/demo"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/sqldb"
)

// Where a load balancer in front of all doors would be reached.
const (
	home  = "127.0.0.1:8080"
	wards = "localhost:8080"
)

// report is a page of the laboratory's, at the wards' host.
const report = "/lab/reports/r-1"

// A tab is a browser without scripts. It follows nothing.
type tab struct {
	t       *testing.T
	mu      sync.Mutex
	cookies map[string]map[string]string // host -> name -> value
}

// page is what a browser was answered.
type page struct {
	status int
	header http.Header
	body   string
}

// late reports whether there was no time to decide, and counts it.
func (p page) late() bool {
	return (&rig.Answer{Status: p.status, Body: []byte(p.body)}).Late()
}

// send sends a request, and once more where there was no time to decide.
func (b *tab) send(door *rig.World, method, host, path string, form url.Values) page {
	b.t.Helper()
	if got := b.sendOnce(door, method, host, path, form); !got.late() {
		return got
	}
	return b.sendOnce(door, method, host, path, form)
}

func (b *tab) sendOnce(door *rig.World, method, host, path string, form url.Values) page {
	b.t.Helper()
	rig.Sent()
	r, err := http.NewRequest(method, door.Process.Address()+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("User-Agent", rig.Browser)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://"+host)
	}
	b.mu.Lock()
	for name, value := range b.cookies[host] {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	b.mu.Unlock()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.t.Error(err)
		return page{}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Error(err)
	}
	b.keep(host, res.Cookies())
	return page{res.StatusCode, res.Header, string(body)}
}

func (b *tab) keep(host string, cookies []*http.Cookie) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range cookies {
		if b.cookies[host] == nil {
			b.cookies[host] = map[string]string{}
		}
		if b.cookies[host][c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies[host], c.Name)
		}
	}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

// form is the first form of a page, with what it carries and what a person wrote.
func (p page) form(written ...string) url.Values {
	first, _, _ := strings.Cut(p.body, "</form>")
	v := url.Values{}
	for _, field := range hidden.FindAllStringSubmatch(first, -1) {
		v.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	for i := 0; i+1 < len(written); i += 2 {
		v.Set(written[i], written[i+1])
	}
	return v
}

// logIn goes through the pages of the home at a door.
func (b *tab) logIn(door *rig.World, name string) {
	b.t.Helper()
	to := name + "@" + demo.Domain
	asked := b.send(door, http.MethodPost, home, "/login", b.send(door, http.MethodGet, home, "/login", nil).form("email", to, "password", demo.Password))
	got := b.send(door, http.MethodPost, home, "/login/verify", asked.form("code", door.NewestCode(to)))
	if got.status != http.StatusSeeOther || b.cookies[home]["wardgate"] == "" {
		b.t.Fatalf("log-in: got %d %s", got.status, got.body)
	}
}

// One browser, two doors in processes of their own, each with its own decision point
// on one database: fifty tabs are one session, which ends at both doors and both
// origins when the person logs out at one.
func TestABrowserHasOneSessionAtAllDoors(t *testing.T) {
	h := rig.NewSplit(t)
	lab := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"report":"of the wards"}`)
	}))
	t.Cleanup(lab.Close)
	book := rig.BookWithLaboratory(t)
	origins := func(c *config.Config) {
		c.Policies, c.PEP.Home, c.Applications = book, "http://"+home, rig.At("lab", lab.URL)
		c.Applications[0].Hosts = []string{"localhost"}
	}
	h.StartRecords()
	h.StartInference()
	h.StartPDP("pdp1", origins)
	h.StartPDP("pdp2", origins)
	h.StartPEP("pep1", "pdp1", origins)
	h.StartPEP("pep2", "pdp2", origins)
	doors := []*rig.World{h.At("pep1", "pdp1"), h.At("pep2", "pdp2")}

	b := &tab{t: t, cookies: map[string]map[string]string{}}
	b.logIn(doors[0], "doctor")
	var tabs sync.WaitGroup
	for i := range 50 {
		tabs.Go(func() {
			if got := b.sendOnce(doors[i%2], http.MethodGet, home, "/api/me", nil); got.status != http.StatusOK && got.status != http.StatusServiceUnavailable {
				t.Errorf("tab %d: got %d %s", i, got.status, got.body)
			}
		})
	}
	tabs.Wait()
	for i, door := range doors {
		if got := b.send(door, http.MethodGet, home, "/api/me", nil); got.status != http.StatusOK || !strings.Contains(got.body, `"doctor"`) {
			t.Errorf("door %d: got %d %s", i, got.status, got.body)
		}
	}
	if n := generations(t, h); n != 1 {
		t.Errorf("%d tokens for one browser, want 1", n)
	}
	b.cookies[wards] = map[string]string{"wardgate": b.cookies[home]["wardgate"]}
	if got := b.send(doors[1], http.MethodGet, wards, report, nil); got.status != http.StatusUnauthorized {
		t.Errorf("the home's cookie on another origin: got %d", got.status)
	}
	b.carry(doors[1], doors[0])

	kept := map[string]string{home: b.cookies[home]["wardgate"], wards: b.cookies[wards]["wardgate"]}
	left := b.send(doors[1], http.MethodPost, home, "/logout", b.send(doors[1], http.MethodGet, home, "/logout", nil).form())
	if left.status != http.StatusOK || b.cookies[home]["wardgate"] != "" {
		t.Errorf("log-out: got %d, and the cookie is there: %t", left.status, b.cookies[home]["wardgate"] != "")
	}
	paths := map[string]string{home: "/api/me", wards: report}
	for host, cookie := range kept {
		for i, door := range doors {
			rig.Until(t, "the session has ended at every door, on every origin", func() bool {
				b.cookies[host] = map[string]string{"wardgate": cookie}
				return b.send(door, http.MethodGet, host, paths[host], nil).status == http.StatusUnauthorized
			})
			b.cookies[host] = map[string]string{"wardgate": cookie}
			if got := b.send(door, http.MethodGet, host, paths[host], nil); got.status != http.StatusUnauthorized {
				t.Errorf("door %d, %s: got %d", i, host, got.status)
			}
		}
	}
}

// carry takes the browser's session from the home, at one door, to the wards' origin,
// at the other.
func (b *tab) carry(from, to *rig.World) {
	b.t.Helper()
	const nonce = "of-this-browser-at-the-wards"
	b.cookies[wards] = map[string]string{"wardgate-nonce": nonce}
	sum := sha256.Sum256([]byte(nonce))
	asked := url.Values{"next": {"http://" + wards + report}, "nonce": {hex.EncodeToString(sum[:])}}
	led := b.send(from, http.MethodGet, home, "/login?"+asked.Encode(), nil)
	there, err := url.Parse(led.header.Get("Location"))
	if err != nil || led.status != http.StatusSeeOther || there.Host != wards {
		b.t.Fatalf("from the home: got %d, led to %q", led.status, there.Host)
	}
	if got := b.send(to, http.MethodGet, wards, there.RequestURI(), nil); got.status != http.StatusSeeOther || got.header.Get("Location") != report {
		b.t.Fatalf("at the wards: got %d %s", got.status, got.body)
	}
	if got := b.send(to, http.MethodGet, wards, report, nil); got.status != http.StatusOK {
		b.t.Errorf("at the wards: got %d %s", got.status, got.body)
	}
	other := &tab{t: b.t, cookies: map[string]map[string]string{wards: {"wardgate-nonce": nonce}}}
	if got := other.send(from, http.MethodGet, wards, there.RequestURI(), nil); got.status != http.StatusUnauthorized || other.cookies[wards]["wardgate"] != "" {
		b.t.Errorf("a code that was used: got %d", got.status)
	}
}

// generations is how many tokens were signed for the handles in the database.
func generations(t *testing.T, h *rig.Split) (n int) {
	t.Helper()
	db, err := sqldb.OpenFile(filepath.Join(h.Dir, "sessions.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT SUM(generation) FROM admin_handles").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

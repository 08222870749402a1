package remote_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// TestProcessesThatDisagreeDeny: an enforcement point and an administrator that follow files
// of their own. A session comes to a host when both know it, at once, and to no host that one
// of them does not know.
func TestProcessesThatDisagreeDeny(t *testing.T) {
	h := rig.NewSplit(t)
	lab := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"report":"of the wards"}`)
	}))
	t.Cleanup(lab.Close)
	dir := t.TempDir()
	h.Files = map[string]string{"pdp": filepath.Join(dir, "pdp.yaml"), "pep": filepath.Join(dir, "pep.yaml")}
	says := func(process, hosts string) {
		t.Helper()
		yaml := fmt.Sprintf("applications:\n  - {name: lab, upstreams: [%s], hosts: [%s]}\n", lab.URL, hosts)
		if err := os.WriteFile(h.Files[process], []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	says("pdp", "")
	says("pep", "")
	book := rig.BookWithLaboratory(t)
	shared := func(c *config.Config) { c.Policies, c.PEP.Home = book, "http://"+home }
	h.StartRecords()
	h.StartInference()
	h.StartPDP("pdp", shared)
	h.StartPEP("pep", "pdp", shared)
	door, administrator := h.At("pep", "pdp"), h.At("pdp", "pdp")
	b := &tab{t: t, cookies: map[string]map[string]string{}}
	b.logIn(door, "doctor")

	refused := func(when string) {
		t.Helper()
		const nonce = "of-this-browser-at-the-wards"
		sum := sha256.Sum256([]byte(nonce))
		asked := url.Values{"next": {"http://" + wards + report}, "nonce": {hex.EncodeToString(sum[:])}}
		if led := b.send(door, http.MethodGet, home, "/login?"+asked.Encode(), nil); strings.Contains(led.header.Get("Location"), wards) {
			t.Errorf("%s: led to %s", when, led.header.Get("Location"))
		}
		b.cookies[wards] = map[string]string{"wardgate-nonce": nonce, "wardgate": b.cookies[home]["wardgate"]}
		if got := b.send(door, http.MethodGet, wards, report, nil); got.status != http.StatusUnauthorized {
			t.Errorf("%s: got %d %s", when, got.status, got.body)
		}
	}
	says("pep", "localhost")
	door.Look()
	refused("the enforcement point alone knows the host")
	says("pdp", "localhost")
	administrator.Look()
	b.carry(door, door)
	says("pep", "")
	door.Look()
	at := b.cookies[wards]["wardgate"]
	if got := b.send(door, http.MethodGet, wards, report, nil); got.status != http.StatusUnauthorized {
		t.Errorf("a host that the enforcement point does not know any more: got %d %s", got.status, got.body)
	}
	says("pdp", "")
	administrator.Look()
	says("pep", "localhost")
	door.Look()
	refused("the administrator does not know the host any more")
	says("pdp", "localhost")
	administrator.Look()
	b.cookies[wards] = map[string]string{"wardgate": at}
	b.carry(door, door)
	for _, w := range []*rig.World{door, administrator} {
		if got := w.Metric(`wardgate_configuration_changes_total{outcome="refused"}`); got != "0" {
			t.Errorf("%s files were refused: %s", got, w.Logs)
		}
	}
}

package remote_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/clientca/clientcatest"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/demo"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

const ward = "wardgate.test"

// A machine is a browser on a machine that shows a certificate, or none.
type machine struct {
	t       *testing.T
	shows   *tls.Certificate
	cookies map[string]string
}

// send sends a request, and once more where there was no time to decide.
func (m *machine) send(door *rig.World, method, path string, form url.Values) page {
	m.t.Helper()
	if got := m.sendOnce(door, method, path, form); !got.late() {
		return got
	}
	return m.sendOnce(door, method, path, form)
}

func (m *machine) sendOnce(door *rig.World, method, path string, form url.Values) page {
	m.t.Helper()
	rig.Sent()
	r, err := http.NewRequest(method, door.Process.Address()+path, strings.NewReader(form.Encode()))
	if err != nil {
		m.t.Fatal(err)
	}
	r.Host = ward
	r.Header.Set("User-Agent", rig.Browser)
	r.Header.Set("Wardgate-Workstation-Certificate", strings.Repeat("5a", 32)) // which says nothing
	r.Header.Set("X-Forwarded-Client-Cert", "Hash="+strings.Repeat("5a", 32))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://"+ward)
	}
	for name, value := range m.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	trust := &tls.Config{InsecureSkipVerify: true, ServerName: ward, MinVersion: tls.VersionTLS12}
	trust.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if m.shows == nil {
			return &tls.Certificate{}, nil
		}
		return m.shows, nil // whatever the server names
	}
	transport := &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(r)
	if err != nil {
		m.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		m.t.Error(err)
	}
	for _, c := range res.Cookies() {
		if m.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(m.cookies, c.Name)
		}
	}
	return page{res.StatusCode, res.Header, string(body)}
}

func (m *machine) get(door *rig.World, path string) page {
	m.t.Helper()
	return m.send(door, http.MethodGet, path, nil)
}

// isWorkstation reports whether people show badges here. The machine is served in any case.
func (m *machine) isWorkstation(door *rig.World) bool {
	m.t.Helper()
	fresh := &machine{t: m.t, shows: m.shows, cookies: map[string]string{}}
	switch got := fresh.get(door, "/login"); {
	case got.status == http.StatusSeeOther && strings.HasPrefix(got.header.Get("Location"), "/tap"):
		return true
	case got.status != http.StatusOK || !strings.Contains(got.body, "Log in"):
		m.t.Errorf("got %d %s", got.status, got.body)
	}
	return false
}

func (m *machine) logIn(door *rig.World, name string) {
	m.t.Helper()
	to := name + "@" + demo.Domain
	asked := m.send(door, http.MethodPost, "/login", m.get(door, "/login?with=password").form("email", to, "password", demo.Password))
	got := m.send(door, http.MethodPost, "/login/verify", asked.form("code", door.NewestCode(to)))
	if got.status != http.StatusSeeOther || m.cookies["__Host-wardgate"] == "" {
		m.t.Fatalf("log-in: got %d %s", got.status, got.body)
	}
}

// A machine is a workstation by its certificate at each enforcement point that has the
// authority, by nothing else that is shown, and at none once it is withdrawn. That no door goes
// by what it knew for more than a second is for TestWalkingAwayLocks of pdp/admin to say.
func TestAMachineIsAWorkstationByItsCertificate(t *testing.T) {
	h := rig.NewSplit(t)
	authority, others := clientcatest.New(t, "wards", nil), clientcatest.New(t, "wards", nil)
	server := others.Issue("server", func(c *x509.Certificate) {
		c.DNSNames, c.ExtKeyUsage = []string{ward}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	certificate, key := keep(t, server)
	known := func(c *config.Config) { c.PEP.Home, c.PEP.WorkstationCAFile = "https://"+ward, authority.File }
	secure := func(c *config.Config) {
		known(c)
		c.PEP.Certificate, c.PEP.Key = certificate, key
	}
	h.StartRecords()
	h.StartInference()
	h.StartPDP("pdp1", known)
	h.StartPDP("pdp2", known)
	h.StartPEP("office", "pdp1", nil)
	h.StartPEP("pep1", "pdp1", secure)
	h.StartPEP("pep2", "pdp2", secure)
	h.StartPEP("pep3", "pdp2", func(c *config.Config) { secure(c); c.PEP.WorkstationCAFile = "" })
	one, two, without := h.At("pep1", "pdp1"), h.At("pep2", "pdp2"), h.At("pep3", "pdp2")

	officer := h.At("office", "pdp1").As("security").SteppedUp()
	var registered struct{ ID, Code string }
	officer.Post("/api/admin/workstations", map[string]string{"name": "Bay 1", "network": "hospital", "proof": "certificate"}).Is(201).Into(&registered)

	bay := &machine{t: t, cookies: map[string]string{}}
	if got := bay.send(one, http.MethodPost, "/workstation", bay.get(one, "/workstation").form("code", registered.Code)); got.status != http.StatusForbidden {
		t.Errorf("enrolled without a certificate: got %d", got.status)
	}
	good := authority.Issue("bay 1", nil)
	bay.shows = &good
	enrolled := bay.send(one, http.MethodPost, "/workstation", bay.get(one, "/workstation").form("code", registered.Code))
	if enrolled.status != http.StatusOK || bay.cookies["__Host-wardgate-workstation"] != "" {
		t.Fatalf("got %d %s", enrolled.status, enrolled.body)
	}
	if !bay.isWorkstation(one) || !bay.isWorkstation(two) || bay.isWorkstation(without) {
		t.Error("the machine is a workstation where the authority is known, and nowhere else")
	}
	for name, shown := range map[string]*tls.Certificate{
		"none":                nil,
		"another machine's":   ptr(authority.Issue("bay 1", nil)),
		"another authority's": ptr(others.Issue("bay 1", nil)),
		"expired":             ptr(authority.Issue("bay 1", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })),
		"without a purpose":   ptr(authority.Issue("bay 1", func(c *x509.Certificate) { c.ExtKeyUsage = nil })),
		"for servers":         ptr(authority.Issue("bay 1", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })),
	} {
		thief := &machine{t: t, shows: shown, cookies: map[string]string{"__Host-wardgate-workstation": strings.Repeat("A", 43)}}
		if thief.isWorkstation(one) || thief.isWorkstation(two) {
			t.Errorf("%s: it is a workstation", name)
		}
	}

	bay.logIn(one, "doctor")
	for _, door := range []*rig.World{one, two} {
		if got := bay.get(door, "/api/me"); got.status != http.StatusOK {
			t.Errorf("got %d %s", got.status, got.body)
		}
	}
	var listed struct {
		Items []struct {
			ID, Proof string
			Seen      *time.Time `json:"seen_at"`
		}
	}
	officer.Get("/api/admin/workstations").Is(200).Into(&listed)
	if len(listed.Items) != 1 || listed.Items[0].Proof != "certificate" || listed.Items[0].Seen == nil {
		t.Errorf("listed %+v", listed.Items)
	}

	officer.Remove("/api/admin/workstations/" + registered.ID).Is(204)
	withdrawn, session := time.Now(), bay.cookies["__Host-wardgate"]
	again := func(door *rig.World) page {
		bay.cookies = map[string]string{"__Host-wardgate": session}
		return bay.get(door, "/api/me")
	}
	for _, door := range []*rig.World{one, two} {
		rig.Until(t, "the session there to end", func() bool { return again(door).status == http.StatusUnauthorized })
	}
	t.Logf("the session there ended everywhere after %v", time.Since(withdrawn))
	for _, door := range []*rig.World{one, two} { // and has ended for good
		// A door hears of it twice, in either order: by the list of what is revoked, and when it
		// asks the administrator to continue the session, whose cookie is expired from then on.
		if got := again(door); got.status != http.StatusUnauthorized || !strings.Contains(got.body, `"session_revoked"`) && !strings.Contains(got.body, `"token_expired"`) {
			t.Errorf("got %d %s", got.status, got.body)
		}
	}
	if bay.isWorkstation(one) || bay.isWorkstation(two) {
		t.Error("a withdrawn one is a workstation")
	}

	// An officer names the certificate, and the machine is one at once, in its network.
	named := map[string]string{"name": "Bay 1", "network": "hospital", "certificate": clientcatest.PEM(others.Issue("bay 1", nil))}
	if said := officer.Post("/api/admin/workstations", named).Is(400).Body; !strings.Contains(string(said), "body.certificate") || !strings.Contains(string(said), "another authority") {
		t.Errorf("got %s", said)
	}
	named["certificate"] = clientcatest.PEM(good)
	officer.Post("/api/admin/workstations", named).Is(201)
	if !bay.isWorkstation(one) || !bay.isWorkstation(two) {
		t.Error("a machine whose certificate was named is no workstation")
	}
}

// keep writes a server's certificate and key to files.
func keep(t *testing.T, c tls.Certificate) (certificate, key string) {
	t.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(t.TempDir(), "server.pem"), filepath.Join(t.TempDir(), "server.key")
	for file, text := range map[string][]byte{
		certificate: []byte(clientcatest.PEM(c)), key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}),
	} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func ptr(c tls.Certificate) *tls.Certificate { return &c }

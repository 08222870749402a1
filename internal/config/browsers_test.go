package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

// A house with a home and two applications that have hosts of their own.
func withHosts(home string, imaging, portal []string) config.Config {
	c := config.Default()
	c.PEP.Home = home
	c.Applications = []config.Application{
		{Name: "imaging", Hosts: imaging, Upstreams: []string{"http://127.0.0.1:9000"}},
		{Name: "portal", Hosts: portal},
		{Name: "lab", Upstreams: []string{"http://127.0.0.1:9001"}},
	}
	return c
}

// The origins of applications are their hosts, by the scheme and the port of the home.
func TestOriginsOfApplications(t *testing.T) {
	for name, tt := range map[string]struct {
		home            string
		imaging, portal []string
		want            []string
	}{
		"as the home":       {"https://home.test", []string{"imaging.test"}, []string{"portal.test", "wards.test"}, []string{"https://imaging.test", "https://portal.test", "https://wards.test"}},
		"at its port":       {"https://home.test:8443", []string{"imaging.test"}, []string{"portal.test:9443"}, []string{"https://imaging.test:8443", "https://portal.test:9443"}},
		"at the usual port": {"https://home.test:8443", []string{"imaging.test:443"}, nil, []string{"https://imaging.test"}},
		"plain on loopback": {"http://localhost:8080", []string{"imaging.localhost"}, []string{"127.0.0.1"}, []string{"http://imaging.localhost:8080", "http://127.0.0.1:8080"}},
		"an address of six": {"http://localhost:8080", []string{"::1"}, []string{"[::1]:81"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := withHosts(tt.home, tt.imaging, tt.portal)
			if tt.want == nil {
				if err := c.Check(); err == nil || !strings.Contains(err.Error(), "::1 is a host of imaging") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err := c.Check(); err != nil {
				t.Fatal(err)
			}
			if got := c.ApplicationOrigins(); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			at, err := c.Origins()
			if err != nil || at.Home().String() != tt.home || !slices.Contains(at.Applications(), "imaging") || slices.Contains(at.Applications(), "lab") {
				t.Errorf("got %v, %v", at, err)
			}
		})
	}
	c := config.Default()
	if at, err := c.Origins(); at != nil || err != nil || c.Check() != nil {
		t.Errorf("without a home: got %v, %v, %v", at, err, c.Check())
	}
}

// Each fault is said with its key, and all at once.
func TestHostsOfApplicationsAreChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		home            string
		imaging, portal []string
		want            []string
	}{
		"two applications":        {"https://home.test", []string{"imaging.test"}, []string{"imaging.test"}, []string{"applications: portal: hosts: imaging.test is a host of imaging"}},
		"two ports":               {"https://home.test", []string{"imaging.test"}, []string{"imaging.test:8443"}, []string{"portal: hosts: imaging.test is a host of imaging"}},
		"twice":                   {"https://home.test", []string{"imaging.test", "imaging.test:8443"}, nil, []string{"imaging: hosts: imaging.test is named twice"}},
		"the home":                {"https://home.test", []string{"home.test"}, nil, []string{"imaging: hosts: home.test is the host of pep.home"}},
		"the home, elsewhere":     {"https://home.test", []string{"home.test:8443"}, nil, []string{"imaging: hosts: home.test is the host of pep.home"}},
		"a home that is none":     {"home.test", []string{"imaging.test"}, nil, []string{`pep.home: "home.test" is no origin`}},
		"a home with a path":      {"https://home.test/", nil, nil, []string{`pep.home: "https://home.test/" is no origin`}},
		"a home of a pattern":     {"https://*.home.test", nil, nil, []string{`pep.home: "https://*.home.test": no browser comes to such a host`}},
		"a home's port is none":   {"https://home.test:99999", nil, nil, []string{`pep.home: "https://home.test:99999": no browser comes to such a host`}},
		"a home's own port":       {"https://home.test:443", nil, nil, []string{`"https://home.test:443" is no origin`, "a port only where it is not the scheme's own"}},
		"no home":                 {"", []string{"imaging.test"}, nil, []string{"pep.home: expected the origin of the own pages"}},
		"a home without TLS":      {"http://home.test", nil, nil, []string{"pep.home: http://home.test has no TLS"}},
		"hosts without TLS":       {"http://localhost:8080", []string{"imaging.test"}, nil, []string{"imaging: hosts: imaging.test would be served without TLS"}},
		"a URL":                   {"https://home.test", []string{"https://imaging.test"}, nil, []string{`imaging: hosts: "https://imaging.test": expected the name of a host`}},
		"capitals":                {"https://home.test", []string{"Imaging.test"}, nil, []string{`"Imaging.test": expected the name of a host in small letters`}},
		"the dot of the root":     {"https://home.test", []string{"imaging.test."}, nil, []string{`"imaging.test.": expected`}},
		"nothing":                 {"https://home.test", []string{""}, nil, []string{`hosts: "": expected`}},
		"a user":                  {"https://home.test", []string{"a@imaging.test"}, nil, []string{`"a@imaging.test": expected`}},
		"a pattern":               {"https://home.test", []string{"*.test"}, nil, []string{`"*.test": expected`}},
		"a port that is none":     {"https://home.test", []string{"imaging.test:0"}, nil, []string{`"imaging.test:0": expected`}},
		"a port with a zero":      {"https://home.test", []string{"imaging.test:0443"}, nil, []string{`"imaging.test:0443": expected`}},
		"an address in two forms": {"https://home.test", []string{"0:0::1"}, nil, []string{`"0:0::1": expected`}},
		"all at once":             {"https://home.test/", []string{"a b", "imaging.test"}, []string{"imaging.test"}, []string{`"a b": expected`, "imaging.test is a host of imaging", "pep.home: "}},
	} {
		t.Run(name, func(t *testing.T) {
			c := withHosts(tt.home, tt.imaging, tt.portal)
			err := c.Check()
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
	readsAs(t, "pep:\n  origins: [\"https://a.test\"]\n", nil, false, ":2: pep.origins is hosts of entries of applications now")
	file := filepath.Join(t.TempDir(), "wardgate.yaml")
	if err := os.WriteFile(file, []byte("applications:\n  - {name: lab}\n  - name: a\n    tell: {}\n    hosts: [x y]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := config.CheckFile(file, nil, nil, false); err == nil || !strings.Contains(err.Error(), `:5: applications: a: hosts: "x y"`) {
		t.Errorf("got %v", err)
	}
}

// A home, and hosts of applications, need not stand in pep.hosts to be served.
func TestHostsOfApplicationsAreServed(t *testing.T) {
	c := withHosts("https://home.test", []string{"imaging.test"}, []string{"portal.test:8443"})
	for host, want := range map[string]bool{
		"imaging.test": true, "IMAGING.test:443": true, "portal.test": true, "portal.test:8443": true, "home.test": true, "x.imaging.test": false, "imaging.test.": false, "": false,
	} {
		if got := c.Serves(host); got != want {
			t.Errorf("%q: got %t", host, got)
		}
	}
	c.PEP.Hosts = []string{"other.test"}
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), "pep.home: the host of https://home.test is not in pep.hosts") || strings.Contains(err.Error(), "imaging") {
		t.Errorf("got %v", err)
	}
}

// An application that is this Wardgate itself is found, by whichever name.
func TestLoopsAreFound(t *testing.T) {
	for upstream, want := range map[string]string{
		"http://127.0.0.1:8080":       "pep.listen",
		"http://localhost:8080":       "pep.listen",
		"http://wards.localhost:8080": "pep.listen",
		"http://127.0.0.1:8181":       "pdp.listen",
		"http://127.0.0.1:9191":       "extauth.listen",
		"http://127.0.0.1:9464":       "operations.listen",
		"https://home.test":           "the origin https://home.test",
		"https://HOME.test:443":       "the origin https://home.test",
		"https://imaging.test":        "the origin https://imaging.test",
		"http://127.0.0.2:8080":       "",
		"http://127.0.0.1:8081":       "",
		"https://lab.test:8080":       "",
	} {
		c := withHosts("https://home.test", []string{"imaging.test"}, nil)
		c.Applications[2].Upstreams = []string{upstream}
		err := c.Check()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), "applications: lab: upstreams: this is "+want+", where Wardgate itself answers")) {
			t.Errorf("%s: got %v, want %q", upstream, err, want)
		}
	}
	own := withHosts("https://home.test", nil, nil)
	own.Data = t.TempDir()
	own.Applications[2].Upstreams = []string{"https://lab.test", "unix:" + filepath.Join(own.Data, "control.sock")}
	if err := own.Check(); err == nil || !strings.Contains(err.Error(), "applications: lab: upstreams: this is in the folder data") {
		t.Errorf("the operator's socket: got %v", err)
	}
	c := withHosts("https://home.test", nil, nil)
	c.PEP.Listen, c.PEP.Certificate, c.PEP.Key = "0.0.0.0:8443", "a", "b"
	c.Applications[2].Upstreams = []string{"https://127.0.0.1:8443"}
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), "this is pep.listen") {
		t.Errorf("what listens everywhere: got %v", err)
	}
}

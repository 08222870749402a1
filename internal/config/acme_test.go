package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

func TestFaultsOfAnAuthorityAreNamed(t *testing.T) {
	dir := t.TempDir()
	keep := func(name, text string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	noCA, noKey := keep("no.pem", "nothing\n"), keep("account.key", "not base64!\n")
	const at = "  home: https://home.hospital.example\ntls:\n  acme:\n    directory: https://ca.hospital.example/dir\n"
	for name, tt := range map[string]struct {
		yaml string
		want []string // none for one that is good
	}{
		"good": {"pep:\n  listen: 0.0.0.0:443\n" + at + "    terms: accepted\n    email: it@hospital.example\n", nil},
		"no directory": {"tls:\n  acme:\n    terms: accepted\n", []string{
			"tls.acme.directory: expected the URL of the authority's directory",
		}},
		"plain HTTP": {"pep:\n  home: https://home.hospital.example\ntls:\n  acme:\n    directory: http://ca.hospital.example/dir\n", []string{
			":5: tls.acme.directory: expected an https URL",
		}},
		"several": {"pep:\n" + at + "    terms: acepted\n    account_id: a-1\n", []string{
			`:6: tls.acme.terms: expected accepted, or nothing; was "accepted" meant?`, "tls.acme.account_id, tls.acme.account_key_file: one is set without the other",
		}},
		"files": {"pep:\n" + at + "    ca_file: " + noCA + "\n    account_id: a-1\n    account_key_file: " + noKey + "\n", []string{
			"tls.acme.ca_file: " + noCA + " has no certificate (PEM)", "tls.acme.account_key_file: expected one line of base64url",
		}},
		"no host":        {"tls:\n  acme:\n    directory: https://ca.hospital.example/dir\n", []string{"tls.acme: there is no host to have a certificate for"}},
		"an address":     {"pep:\n  home: https://10.0.0.1\ntls:\n  acme:\n    directory: https://ca.hospital.example/dir\n", []string{"no certificate can be issued for 10.0.0.1: an address has no name; give it one with pep.certificate"}},
		"one word":       {"pep:\n  home: https://wardgate\ntls:\n  acme:\n    directory: https://ca.hospital.example/dir\n", []string{"issued for wardgate: a name of one word"}},
		"an application": {"pep:\n" + at + "applications:\n  - {name: imaging, hosts: [imaging], upstreams: [http://127.0.0.1:8042]}\n", []string{"no certificate can be issued for imaging: a name of one word"}},
		"a slip":         {"tls:\n  acme:\n    direktory: https://ca.hospital.example/dir\n", []string{"tls.acme.direktory", "tls.acme.directory"}},
	} {
		err := config.CheckFile(keep("wardgate.yaml", tt.yaml), nil, nil, true)
		if (err == nil) != (len(tt.want) == 0) {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v\nwant %q", name, err, want)
			}
		}
		if err != nil && strings.Contains(err.Error(), "not base64!") {
			t.Errorf("%s: a secret stands in %v", name, err)
		}
	}
}

// Each name by which users come is there once; a certificate can be issued for those that are
// hosts.
func TestOuterHosts(t *testing.T) {
	c := config.Default()
	c.PEP.Home = "https://home.hospital.example:8443"
	c.PEP.Hosts = []string{"home.hospital.example", "*.wards.hospital.example", "10.0.0.1", "gate"}
	c.Applications = []config.Application{{Name: "imaging", Hosts: []string{"imaging.hospital.example", "home.hospital.example"}}}
	if got, want := c.IssuedHosts(), []string{"home.hospital.example", "imaging.hospital.example"}; !slices.Equal(got, want) {
		t.Errorf("issued for %q, want %q", got, want)
	}
	if got := c.OuterHosts(); len(got) != 5 {
		t.Errorf("the hosts are %q", got)
	}
}

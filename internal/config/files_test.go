package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

// What would end a start, or serve no request, is found before, with its line.
func TestCheckFindsWhatNoProcessCouldServe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wardgate.yaml")
	text := `pep:
  listen: 127.0.0.1:8080
  hosts: [wardgate.hospital.example, "https://wardgate.hospital.example", "wardgate_1.example:8443"]
  certificate: /nowhere/wardgate.pem
  key: /nowhere/wardgate.key
  home: https://home.hospital.example
pdp:
  listen: 127.0.0.1:8080
operations:
  listen: 127.0.0.1:9191
applications:
  - {name: lab, ca_file: /nowhere/ca.pem, upstreams: ["https://lab.hospital.example"]}
  - name: pacs
    upstreams: ["https://pacs.hospital.example"]
    credentials:
      basic_file: LOOSE
      certificate_file: /nowhere/pacs.pem
      key_file: /nowhere/pacs.key
  - name: ris
    upstreams: ["http://127.0.0.1:8080"]
    answer_limit: 1B
`
	loose := filepath.Join(t.TempDir(), "pacs.user")
	if err := os.WriteFile(loose, []byte("pacs:hush"), 0o644); err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "LOOSE", loose, 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := config.CheckFile(file, nil, nil, true)
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, want := range []string{
		`:3: pep.hosts: "https://wardgate.hospital.example" is no host name`,
		`:3: pep.hosts: "wardgate_1.example:8443" is no host name`,
		":4: pep.certificate, pep.key: open /nowhere/wardgate.pem",
		":12: applications: lab: ca_file: stat /nowhere/ca.pem",
		":16: applications: pacs: credentials.basic_file: " + loose + " can be read by others: mode -rw-r--r--, 0600 is needed",
		":17: applications: pacs: credentials.certificate_file: open /nowhere/pacs.pem",
		":18: applications: pacs: credentials.key_file: ",
		":20: applications: ris: upstreams: this is pep.listen, where Wardgate itself answers",
		":21: applications: ris: answer_limit: expected from 1KiB",
		":6: pep.home: the host of https://home.hospital.example is not in pep.hosts",
		":8: pdp.listen: 127.0.0.1:8080 is the port of pep.listen too",
		":10: operations.listen: 127.0.0.1:9191 is the port of extauth.listen too",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %q", err, want)
		}
	}
	if strings.Contains(err.Error(), `"wardgate.hospital.example" is no`) {
		t.Errorf("a host name was refused: %v", err)
	}
}

// A fault of form stands at the line of its member, in words that say what would be right.
func TestAFaultOfFormHasTheLineOfItsMember(t *testing.T) {
	file := filepath.Join(t.TempDir(), "wardgate.yaml")
	if err := os.WriteFile(file, []byte(`applications:
  - name: lab
    upstreams: ["https://lab.hospital.example"]
    upstream: x
    first_byte: 10
    breaker:
      failures: -1
      rests: 5s
`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Read(file, nil)
	for _, want := range []string{
		`:4: applications: lab: unknown member "upstream"; was "upstreams" meant?`,
		":5: applications: lab: first_byte: expected a time, such as 30s or 10m",
		":7: applications: lab: breaker.failures: expected a number from 1",
		`:8: applications: lab: unknown member "breaker.rests"; was "rest" meant?`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %q", err, want)
		}
	}
}

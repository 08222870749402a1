package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

func TestParseRoles(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  []string
		says  string
	}{
		{[]string{"pep"}, []string{"pep"}, ""},
		{[]string{"pdp"}, []string{"administrator", "engine", "identity"}, ""},
		{[]string{"engine", "identity", "administrator"}, []string{"administrator", "engine", "identity"}, ""},
		{[]string{"pep", "engine"}, []string{"engine", "pep"}, ""},
		{[]string{"records", "inference", "records"}, []string{"inference", "records"}, ""},
		{[]string{"engine"}, nil, "no enforcement point could ask an engine alone"},
		{[]string{"administrator"}, nil, "name pdp"},
		{[]string{"identity", "engine"}, nil, "name pdp"},
		{[]string{"administrator", "identity"}, nil, "name pdp"},
		{[]string{"doctor", "PEP"}, nil, `role "doctor": expected pdp or`},
	} {
		got, err := config.ParseRoles(tt.names)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) || !slices.Equal(got, tt.want) {
			t.Errorf("%v: got %v, %v, want %v, %q", tt.names, got, err, tt.want, tt.says)
		}
	}
}

// Every fault of a process that could not do its part is told at once, with
// the key to set.
func TestRolesThatLackSomething(t *testing.T) {
	for _, tt := range []struct {
		name   string
		roles  []string
		change func(*config.Config)
		says   []string // nothing for a good one
	}{
		{"pep", []string{"pep"}, nil, []string{"pdp.url: expected", "records.url: expected", "inference.url: expected", "certificates.folder: expected", "assertion.key_file: expected"}},
		{"records", []string{"records"}, nil, []string{"records.listen: expected"}},
		{"pdp", []string{"pdp"}, nil, []string{"pdp.listen_internal: expected"}},
		{"in the clear", []string{"pep"}, func(c *config.Config) { c.PDP.URL, c.Records.URL = "http://10.0.0.7:1", "https://records" },
			[]string{"pdp.url: expected https", "records.url: expected https"}},
		{"another's address", []string{"records"}, func(c *config.Config) { c.Records.Listen, c.Inference.Listen = "127.0.0.1:1", "127.0.0.1:2" },
			[]string{"inference.listen: inference does not run in this process"}},
		{"asked elsewhere and here", []string{"pdp"}, func(c *config.Config) { c.PDP.ListenInternal, c.PDP.URL = "127.0.0.1:1", "https://a:1" },
			[]string{"pdp.url: pdp runs in this process"}},
		{"no address", []string{"records"}, func(c *config.Config) { c.Records.Listen = "records:1" }, []string{"records.listen: expected an IP address"}},
		{"one certificate for two", []string{"records", "inference"}, func(c *config.Config) {
			c.Records.Listen, c.Inference.Listen = "127.0.0.1:1", "127.0.0.1:2"
			c.Certificates.CA, c.Certificates.Certificate, c.Certificates.Key = "a", "b", "c"
		}, []string{"proves itself as records and inference"}},
		{"half a certificate", []string{"records"}, func(c *config.Config) { c.Records.Listen, c.Certificates.CA = "127.0.0.1:1", "a" },
			[]string{"expected all three"}},
		{"a whole one", []string{"records"}, func(c *config.Config) {
			c.Records.Listen, c.Certificates.Folder, c.Assertion.KeyFile = "10.0.0.7:8443", "certs", "certs/assertion.key"
		}, nil},
		{"one name for two journals", []string{"pdp"}, func(c *config.Config) {
			c.PDP.ListenInternal, c.Certificates.Folder, c.Assertion.KeyFile = "10.0.0.7:8443", "certs", "certs/assertion.key"
			c.Stores.Sessions.File = "shared.db"
		}, []string{"journal.chain: expected a name of this process's own"}},
		{"everything in one", nil, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config.Default()
			if tt.roles != nil {
				var err error
				if c.Roles, err = config.ParseRoles(tt.roles); err != nil {
					t.Fatal(err)
				}
			}
			if tt.change != nil {
				tt.change(&c)
			}
			err := c.Check()
			if (err == nil) != (len(tt.says) == 0) {
				t.Fatalf("got %v", err)
			}
			for _, want := range tt.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to say %q", err, want)
				}
			}
		})
	}
}

package command_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command"
	"github.com/wardgate/wardgate/internal/command/commandtest"
)

func TestExitCodesAndMessages(t *testing.T) {
	unknownKey := commandtest.Write(t, "unknown-key.yaml", "pep:\n  listen: 127.0.0.1:0\n  lisen: x\n\npolicy: y\n")
	wrongKind := commandtest.Write(t, "wrong-kind.yaml", "pep:\n  hosts: one\n  listen: [1]\n")
	proxies := commandtest.Write(t, "proxies.yaml", "pep:\n  trusted_proxies: [10.0.0.1, 10.1.0.0/16, \"::1\"]\nextauth:\n  listen: 127.0.0.1:0\napplications: [{name: imaging}]\n")
	noProxies := commandtest.Write(t, "no-proxies.yaml", "pep:\n  trusted_proxies: 10.0.0.1\n")
	notYAML := commandtest.Write(t, "not-yaml.yaml", "pep: [\n")
	second := commandtest.Write(t, "second.yaml", "pep:\n  listen: 127.0.0.1:1\n---\npep:\n  listen: 127.0.0.1:2\n")
	empty := commandtest.Write(t, "empty.yaml", "# nothing is set\n")
	mixed := commandtest.Write(t, "mixed.yaml", "log:\n  level: loud\npep:\n  lisen: x\n  listen: 0.0.0.0:80\n  hosts: one\nstores:\n  identity:\n    file: a\n    dsn: u@tcp(127.0.0.1:1)/b\njournal:\n  chain: \"a b\"\n")
	values := commandtest.Write(t, "values.yaml", "log:\n  level: loud\napplications:\n  - name: lab\n    upstreams: [\"https://lab.hospital.example\"]\n    ca_file: /nowhere/ca.pem\n")
	good := commandtest.Write(t, "good.yaml", "pep:\n  listen: 127.0.0.1:1\n  hosts: [a.example]\n")
	tests := []struct {
		name string
		args []string
		env  []string
		code int
		want []string // in either stream
	}{
		{"help", []string{"--help"}, nil, 0, []string{"up", "audit", "config"}},
		{"help of a command", []string{"up", "--help"}, nil, 0, []string{"--demo", "--policies"}},
		{"no command", nil, nil, 2, []string{"--help"}},
		{"wrong command", []string{"fly"}, nil, 2, []string{"fly"}},
		{"wrong flag", []string{"up", "--demmo"}, nil, 2, []string{"--demmo"}},
		{"version", []string{"version"}, nil, 0, []string{"wardgate"}},
		{"version as a flag", []string{"--version"}, nil, 0, []string{"wardgate devel (commit "}},
		{"good file", []string{"config", "check", good}, nil, 0, []string{"no fault"}},
		{"missing file", []string{"config", "check", "/nowhere.yaml"}, nil, 1, []string{"/nowhere.yaml"}},
		{"not YAML", []string{"config", "check", notYAML}, nil, 1, []string{"not-yaml.yaml", "line"}},
		{"unknown keys, all at once, with lines", []string{"config", "check", unknownKey}, nil, 1,
			[]string{"unknown-key.yaml:3", `"pep.lisen"`, "unknown-key.yaml:5", `"policy"`}},
		{"wrong kinds", []string{"config", "check", wrongKind}, nil, 1, []string{"wrong-kind.yaml:2", "a list of host names", "wrong-kind.yaml:3", "a text"}},
		{"a second document", []string{"config", "check", second}, nil, 1, []string{"second.yaml:", "a second YAML document begins here"}},
		{"up with a second document", []string{"up", "--config", second}, nil, 1, []string{"a second YAML document begins here"}},
		{"nothing set", []string{"config", "check", empty}, nil, 0, []string{"no fault"}},
		{"faults of form and of value at once, with lines", []string{"config", "check", mixed}, nil, 1, []string{
			"mixed.yaml:2: log.level: expected", `mixed.yaml:4: unknown key "pep.lisen"`, "mixed.yaml:5: pep.listen: 0.0.0.0:80 is not a loopback",
			"mixed.yaml:6: pep.hosts: expected a list", "mixed.yaml:9: stores.identity: file and a server are both set", "mixed.yaml:12: journal.chain: expected a name",
		}},
		{"up with faults of form and of value at once, with lines", []string{"up", "--config", mixed, "--data", t.TempDir()}, nil, 1, []string{
			`mixed.yaml:4: unknown key "pep.lisen"`, "mixed.yaml:5: pep.listen: 0.0.0.0:80 is not a loopback", "mixed.yaml:12: journal.chain: expected a name",
		}},
		{"up with faults of value and of files at once, with lines", []string{"up", "--config", values, "--data", t.TempDir()}, nil, 1, []string{
			"values.yaml:2: log.level: expected", "values.yaml:6: applications: lab: ca_file: stat /nowhere/ca.pem",
		}},
		{"proxies", []string{"config", "check", proxies}, nil, 0, []string{"no fault"}},
		{"proxies of the wrong kind", []string{"config", "check", noProxies}, nil, 1, []string{"no-proxies.yaml:2", "a list of addresses and networks"}},
		{"proxies from the environment", []string{"config", "check", good}, []string{"WARDGATE_PEP_TRUSTED_PROXIES=10.0.0.1,10.0.0.2"}, 0, []string{"no fault"}},
		{"no proxies from the environment", []string{"config", "check", proxies}, []string{"WARDGATE_PEP_TRUSTED_PROXIES="}, 0, []string{"no fault"}},
		{"faulty proxies from the environment", []string{"config", "check", good}, []string{"WARDGATE_PEP_TRUSTED_PROXIES=10.0.0.1,x,0.0.0.0/0"}, 1,
			[]string{`"x" is neither`, "0.0.0.0/0 would trust everybody"}},
		{"unknown override", []string{"config", "check", good}, []string{"WARDGATE_PEP_LISEN=x"}, 1, []string{"WARDGATE_PEP_LISEN"}},
		{"override that cannot be honoured", []string{"config", "check", good}, []string{"WARDGATE_PEP_LISTEN=0.0.0.0:80"}, 1,
			[]string{"environment: WARDGATE_PEP_LISTEN: pep.listen", "loopback"}},
		{"up with an unreadable file", []string{"up", "--config", "/nowhere.yaml"}, nil, 1, []string{"/nowhere.yaml"}},
		{"verify without a journal", []string{"audit", "verify", "--data", t.TempDir()}, nil, 1, []string{"journal"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := command.Run(tt.args, &out, &errOut, tt.env)
			said := out.String() + errOut.String()
			if code != tt.code {
				t.Errorf("got exit code %d, want %d: %s", code, tt.code, said)
			}
			for _, want := range tt.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not in: %s", want, said)
				}
			}
		})
	}
}

// Faults are told from the top of the file to its end, whatever kind they are.
func TestFaultsOfAConfigurationAreInOrder(t *testing.T) {
	file := commandtest.Write(t, "wardgate.yaml", "log:\n  level: loud\npep:\n  lisen: x\nlimits:\n  connections: 0\nmail:\n  smtp:\n    port: many\n")
	var out bytes.Buffer
	if code := command.Run([]string{"config", "check", file}, &out, &out, nil); code != 1 {
		t.Fatalf("got exit code %d: %s", code, &out)
	}
	at := -1
	for _, place := range []string{"yaml:2: ", "yaml:4: ", "yaml:6: ", "yaml:9: "} {
		next := strings.Index(out.String(), place)
		if next <= at {
			t.Errorf("%q does not come next in: %s", place, &out)
		}
		at = next
	}
}

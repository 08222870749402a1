package command_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExitCodesAndMessages(t *testing.T) {
	unknownKey := write(t, "unknown-key.yaml", "pep:\n  listen: 127.0.0.1:0\n  lisen: x\n\npolicy: y\n")
	wrongKind := write(t, "wrong-kind.yaml", "pep:\n  hosts: one\n  listen: [1]\n")
	proxies := write(t, "proxies.yaml", "pep:\n  trusted_proxies: [10.0.0.1, 10.1.0.0/16, \"::1\"]\nextauth:\n  listen: 127.0.0.1:0\n  applications: [imaging]\n")
	noProxies := write(t, "no-proxies.yaml", "pep:\n  trusted_proxies: 10.0.0.1\n")
	notYAML := write(t, "not-yaml.yaml", "pep: [\n")
	good := write(t, "good.yaml", "pep:\n  listen: 127.0.0.1:1\n  hosts: [a.example]\n")
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
		{"good file", []string{"config", "check", good}, nil, 0, []string{"no fault"}},
		{"missing file", []string{"config", "check", "/nowhere.yaml"}, nil, 1, []string{"/nowhere.yaml"}},
		{"not YAML", []string{"config", "check", notYAML}, nil, 1, []string{"not-yaml.yaml", "line"}},
		{"unknown keys, all at once, with lines", []string{"config", "check", unknownKey}, nil, 1,
			[]string{"unknown-key.yaml:3", `"pep.lisen"`, "unknown-key.yaml:5", `"policy"`}},
		{"wrong kinds", []string{"config", "check", wrongKind}, nil, 1, []string{"wrong-kind.yaml:2", "a list of host names", "wrong-kind.yaml:3", "a text"}},
		{"proxies", []string{"config", "check", proxies}, nil, 0, []string{"no fault"}},
		{"proxies of the wrong kind", []string{"config", "check", noProxies}, nil, 1, []string{"no-proxies.yaml:2", "a list of addresses and networks"}},
		{"proxies from the environment", []string{"config", "check", good}, []string{"WARDGATE_PEP_TRUSTED_PROXIES=10.0.0.1,10.0.0.2"}, 0, []string{"no fault"}},
		{"no proxies from the environment", []string{"config", "check", proxies}, []string{"WARDGATE_PEP_TRUSTED_PROXIES="}, 0, []string{"no fault"}},
		{"faulty proxies from the environment", []string{"config", "check", good}, []string{"WARDGATE_PEP_TRUSTED_PROXIES=10.0.0.1,x,0.0.0.0/0"}, 1,
			[]string{`"x" is neither`, "0.0.0.0/0 would trust everybody"}},
		{"unknown override", []string{"config", "check", good}, []string{"WARDGATE_PEP_LISEN=x"}, 1, []string{"WARDGATE_PEP_LISEN"}},
		{"override that cannot be honoured", []string{"config", "check", good}, []string{"WARDGATE_PEP_LISTEN=0.0.0.0:80"}, 1, []string{"pep.listen", "loopback"}},
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

package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

func TestDatabaseConfiguration(t *testing.T) {
	const password = "hunter2"
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("good", "u:hunter2@tcp(127.0.0.1:3306)/x\n", 0o600)
	seen := write("seen", "u:hunter2@tcp(127.0.0.1:3306)/x\n", 0o644)
	remote := write("remote", "u:hunter2@tcp(db.hospital.test:3306)/x?tls=true\n", 0o600)
	for _, tt := range []struct {
		name    string
		yaml    string
		environ []string
		demo    bool
		want    string // part of the fault, "" for none
	}{
		{"embedded", "", nil, true, ""},
		{"a file", "stores:\n  identity:\n    dsn_file: " + good + "\n", nil, false, ""},
		{"by environment", "", []string{"WARDGATE_STORES_SESSIONS_DSN=u:hunter2@tcp(127.0.0.1:3306)/x"}, false, ""},
		{"a DSN without a password", "stores:\n  records:\n    dsn: u@unix(/run/mysqld/mysqld.sock)/x\n", nil, false, ""},
		{"elsewhere", "stores:\n  records:\n    dsn_file: " + remote + "\n", nil, false, ""},
		{"a password in the configuration", "stores:\n  identity:\n    dsn: u:hunter2@tcp(127.0.0.1:3306)/x\n", nil, false,
			":3: stores.identity.dsn: a password does not stand in the configuration; name a file with stores.identity.dsn_file, or set WARDGATE_STORES_IDENTITY_DSN"},
		{"a file that others read", "stores:\n  identity:\n    dsn_file: " + seen + "\n", nil, false, "stores.identity.dsn_file: "},
		{"a file that is not there", "stores:\n  identity:\n    dsn_file: " + filepath.Join(dir, "none") + "\n", nil, false, "stores.identity.dsn_file: "},
		{"both", "stores:\n  identity:\n    dsn_file: " + good + "\n", []string{"WARDGATE_STORES_IDENTITY_DSN=u@tcp(127.0.0.1:3306)/x"}, false, "stores.identity: dsn and dsn_file are both set"},
		{"not a DSN", "", []string{"WARDGATE_STORES_RECORDS_DSN=mysql://u:hunter2@db/x"}, false, "stores.records.dsn: expected user:password@tcp(host:port)/database"},
		{"no TLS", "", []string{"WARDGATE_STORES_RECORDS_DSN=u:hunter2@tcp(db.hospital.test:3306)/x"}, false, "stores.records.dsn: the server is on another machine and has no TLS"},
		{"an authority without a server", "stores:\n  records:\n    ca_file: " + good + "\n", nil, false, "stores.records.ca_file: it is set without dsn"},
		{"care without records", "stores:\n  care:\n    dsn_file: " + good + "\n", nil, false, "stores.care: care relationships are read from"},
		{"the demo elsewhere", "stores:\n  records:\n    dsn_file: " + remote + "\n", nil, true, "the demo's hospital is invented"},
		{"all at once", "", []string{"WARDGATE_STORES_RECORDS_DSN=x", "WARDGATE_STORES_IDENTITY_DSN=x"}, false, "stores.identity.dsn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config, err := config.Read(write("wardgate.yaml", tt.yaml, 0o600), tt.environ)
			if err == nil {
				config.Demo = tt.demo
				err = config.Check()
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Errorf("the password is told: %v", err)
			}
		})
	}
}

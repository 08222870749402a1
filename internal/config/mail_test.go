package config_test

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
)

func TestMailConfiguration(t *testing.T) {
	cases := []struct {
		name    string
		yaml    string
		environ []string
		demo    bool
		want    string // part of the fault, "" for none
	}{
		{"whole", "mail:\n  smtp:\n    host: mail.hospital.test\n    port: 465\n    tls: implicit\n    from: wardgate@hospital.test\n", nil, false, ""},
		{"by environment", "", []string{
			"WARDGATE_MAIL_SMTP_HOST=mail.hospital.test", "WARDGATE_MAIL_SMTP_PORT=2525", "WARDGATE_MAIL_SMTP_FROM=wardgate@hospital.test",
		}, false, ""},
		{"no mail at all", "", nil, true, ""},
		{"port is a text", "mail:\n  smtp:\n    port: smtp\n", nil, false, ":3: mail.smtp.port: expected a number"},
		{"host without sender", "mail:\n  smtp:\n    host: mail.hospital.test\n", nil, false, "mail.smtp.from: expected an e-mail address"},
		{"plain to another machine", "mail:\n  smtp:\n    host: mail.hospital.test\n    from: w@hospital.test\n    tls: none\n", nil, false, "mail.smtp.tls: none is for a loopback"},
		{"username without password", "mail:\n  smtp:\n    host: mail.hospital.test\n    from: w@hospital.test\n    username: w\n", nil, false, "mail.smtp.username and password"},
		{"username without host", "mail:\n  smtp:\n    username: w\n", nil, false, "mail.smtp.host: expected"},
		{"demo", "mail:\n  smtp:\n    host: mail.hospital.test\n    from: w@hospital.test\n", nil, true, "the people of the demo are invented"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "wardgate.yaml")
			if err := os.WriteFile(file, []byte(c.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := config.Read(file, c.environ)
			if err == nil {
				got.Demo = c.demo
				err = got.Check()
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// A password that others can read is refused before anything is sent.
func TestMailPasswordFileIsTheOwners(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("s3cret-of-the-mail-server"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := anyPort(filepath.Join(t.TempDir(), "var"))
	c.Demo = false
	m := &c.Mail.SMTP
	m.Host, m.Username, m.PasswordFile, m.From = "127.0.0.1", "wardgate", secret, "wardgate@hospital.test"
	_, err := process.New(t.Context(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil || !strings.Contains(err.Error(), "can be read by others") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

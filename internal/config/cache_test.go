package config_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
)

func TestCacheConfiguration(t *testing.T) {
	cases := []struct {
		name  string
		cache string
		env   []string
		want  []string // parts of the fault; none for no fault
	}{
		{"none", "", nil, nil},
		{"loopback", "addresses: ['127.0.0.1:6379']\ntls: 'off'\ndatabase: 2", nil, nil},
		{"sentinels", "addresses: ['s1.hospital.test:26379', 's2.hospital.test:26379']\nsentinel_master: wardgate\ndatabase: 1", nil, nil},
		{"by environment", "", []string{"WARDGATE_STORES_CACHE_ADDRESSES=r1.hospital.test:6379,r2.hospital.test:6379"}, nil},
		{"all faults at once", "addresses: ['redis.hospital.test', 'redis.hospital.test:6379', '']\nusername: w\ntls: 'off'\nca_file: ca.pem\ndatabase: -1", nil, []string{
			`"redis.hospital.test": expected host:port`, `"": expected host:port`, "tls: off is for a loopback address; redis.hospital.test:6379 is none",
			"password_file: expected a file", "ca_file: nobody vouches", "database: expected 0 or above",
		}},
		{"keys without an address", "username: w", nil, []string{"stores.cache.addresses: expected host:port of a Redis"}},
		{"sentinels who know us", "addresses: ['s1.hospital.test:26379']\nsentinel_master: wardgate\nsentinel_username: w\nsentinel_password_file: /x", nil, nil},
		{"keys about no sentinels", "addresses: ['a:1']\nsentinel_username: w", nil, []string{
			"stores.cache.sentinel_master: expected the master's name", "stores.cache.sentinel_password_file: expected a file",
		}},
		{"foreign word", "tls: maybe", nil, []string{"stores.cache.tls: expected on or off"}},
		{"database of a cluster", "addresses: ['a:1', 'b:2']\ndatabase: 3", nil, []string{"a cluster has no other than 0"}},
		{"not a list", "addresses: redis", nil, []string{":3: stores.cache.addresses: expected a list of host:port"}},
		{"not a number", "database: two", nil, []string{":3: stores.cache.database: expected a number"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "wardgate.yaml")
			yaml := ""
			if c.cache != "" {
				yaml = "stores:\n  cache:\n    " + strings.ReplaceAll(c.cache, "\n", "\n    ") + "\n"
			}
			if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := config.Read(file, c.env)
			if err == nil {
				err = got.Check()
			}
			if (err != nil) != (len(c.want) > 0) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want %q in it", err, part)
				}
			}
		})
	}
}

// Files that cannot be used are all named, before anything connects.
func TestCacheFilesAreCheckedAtStart(t *testing.T) {
	dir := t.TempDir()
	secret, ca := filepath.Join(dir, "password"), filepath.Join(dir, "ca.pem")
	for file, mode := range map[string]os.FileMode{secret: 0o644, ca: 0o600} {
		if err := os.WriteFile(file, []byte("s3cret-of-the-cache"), mode); err != nil {
			t.Fatal(err)
		}
	}
	c := anyPort(filepath.Join(dir, "var"))
	c.Demo = false
	c.Stores.Cache.Addresses, c.Stores.Cache.PasswordFile, c.Stores.Cache.CAFile = []string{"127.0.0.1:1"}, secret, ca
	_, err := process.New(context.Background(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"stores.cache.password_file", "can be read by others", "stores.cache.ca_file", "holds no certificate"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %q in it", err, part)
		}
	}
}

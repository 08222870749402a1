//go:build integration

package outages_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip/revocation"
)

// useRedis configures what a hospital would, with secrets in files.
func useRedis(t *testing.T, m *realserver.ManyRedis) func(*config.Config) {
	t.Helper()
	secret := func(name, text string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	password := secret("password", m.Password)
	return func(c *config.Config) {
		r := &c.Stores.Cache
		r.Addresses, r.Username, r.PasswordFile, r.TLS, r.CAFile = m.Addresses, realserver.RedisUser, password, "on", m.CAFile
		if m.Master != "" {
			r.SentinelMaster, r.SentinelPasswordFile = m.Master, secret("sentinels", m.SentinelPassword)
		}
	}
}

// The primary dies while people work, in another process than the one that
// keeps the copy. Nobody notices: until a replica has taken over, which takes
// longer than a list stays fresh, the database is asked, and who is cut off
// meanwhile is.
func TestRedisFailsOver(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *realserver.ManyRedis{
		"sentinels": realserver.SentinelRedis, "cluster": realserver.ClusterRedis,
	} {
		t.Run(name, func(t *testing.T) {
			m := start(t)
			h := rig.NewSplit(t)
			h.StartRecords()
			h.StartInference()
			h.StartPDP("pdp", useRedis(t, m))
			h.StartPEP("pep", "pdp", useRedis(t, m))
			w := h.At("pep", "pdp")
			doctor, colleague, security := w.As("doctor"), w.As("doctor2"), w.As("security")
			doctorID := doctor.Me().ID
			fed := func(want string) func() bool {
				return func() bool { return w.Metric("wardgate_revocation_feed_up") == want }
			}
			rig.Until(t, "the feed", fed("1"))
			work := working(t, "/api/patients", colleague)
			work.goesOn(t, 10)

			begun := time.Now()
			m.KillPrimary()
			rig.Until(t, "the loss to be seen", fed("0"))
			security.Post("/api/admin/users/"+doctorID+"/revoke", nil).Is(http.StatusNoContent)
			rig.Until(t, "the revocation in spite of it", func() bool { return doctor.Get("/api/me").Status == http.StatusUnauthorized })
			m.Promoted()
			if gone := time.Since(begun); gone < revocation.FreshFor {
				t.Errorf("the fail-over took %v: this shows nothing", gone)
			}
			rig.Until(t, "the feed again", fed("1"))
			work.goesOn(t, 10)
			work.stop()
			if len(work.odd) > 0 {
				t.Errorf("got %d odd answers of %d, such as %s", len(work.odd), work.answered.Load(), work.odd[0])
			}
			if denied := m.Denied(); denied != "" {
				t.Errorf("rights are missing: %s", denied)
			}
		})
	}
}

// What operators are told to grant is what suffices.
func TestRedisRightsAreDocumented(t *testing.T) {
	documented, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(string(documented)), " "), realserver.RedisRights) {
		t.Errorf("docs/operations.md does not have: %s", realserver.RedisRights)
	}
}

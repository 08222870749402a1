package outages_test

import (
	"net/http"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// A doctor reads a long report when the session is revoked, or the account
// banned. The report breaks off, the token is worth nothing any more, and
// neither is the refresh token: in one process, and where the enforcement point
// hears of it from another one, through Redis or without.
func TestRevokedWhileAnAnswerIsUnderWay(t *testing.T) {
	lab := rig.NewSlowLaboratory(t)
	book := rig.BookWithLaboratory(t)
	withLab := func(c *config.Config) { c.Policies, c.Applications = book, rig.At("lab", lab.URL) }
	apart := func(t *testing.T, both func(*config.Config)) (*rig.World, string) {
		h := rig.NewSplit(t)
		h.StartRecords()
		h.StartInference()
		h.StartPDP("pdp", func(c *config.Config) { c.Policies = book; both(c) })
		h.StartPEP("pep", "pdp", func(c *config.Config) { c.Applications = rig.At("lab", lab.URL); both(c) })
		return h.At("pep", "pdp"), h.Parts["pep"].Data
	}
	for _, tt := range []struct {
		name  string
		build func(t *testing.T) (w *rig.World, journal string)
	}{
		{"in one process", func(t *testing.T) (*rig.World, string) { w := rig.New(t, withLab); return w, w.Data }},
		{"apart", func(t *testing.T) (*rig.World, string) { return apart(t, func(*config.Config) {}) }},
		{"apart with Redis", func(t *testing.T) (*rig.World, string) {
			redis := miniredis.RunT(t)
			return apart(t, func(c *config.Config) {
				c.Stores.Cache.Addresses, c.Stores.Cache.TLS = []string{redis.Addr()}, "off"
			})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, journal := tt.build(t)
			security := w.As("security")
			for order, why := range map[string]string{"revoke": "session_revoked", "ban": "subject_banned"} {
				doctor, colleague := &rig.Person{World: w, Name: "doctor"}, w.As("doctor2")
				session, a := doctor.SignIn("", nil)
				a.Is(http.StatusOK)
				doctor.Token = session.Access
				report, spared := doctor.Read("/lab/reports/r-1"), colleague.Read("/lab/reports/r-2")

				user := "/api/admin/users/" + doctor.Me().ID
				body := map[string]any{}
				if order == "ban" {
					body = map[string]any{"minutes": 5, "reason": "drill"}
				}
				security.Post(user+"/"+order, body).Is(http.StatusNoContent)
				report.Breaks()
				<-lab.Left
				doctor.Get("/lab/reports/r-1").Is(http.StatusUnauthorized)
				doctor.Post("/auth/refresh", map[string]string{"refresh_token": session.Refresh}).Is(http.StatusUnauthorized)

				select {
				case <-lab.Left:
					t.Errorf("%s: somebody else's report broke off too", order)
				default:
				}
				_ = spared.Close()
				<-lab.Left
				cut := func() int {
					return len(rig.Events(t, journal, func(e *pip.Event) bool {
						return e.Kind == pip.KindOutcome && e.Detail == "cut_off" && len(e.Reasons) == 1 && e.Reasons[0] == why
					}))
				}
				rig.Until(t, "one record of the "+order, func() bool { return cut() == 1 })
				if order == "ban" {
					security.Post(user+"/unban", nil).Is(http.StatusNoContent)
				}
			}
		})
	}
}

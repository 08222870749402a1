package outages_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
)

// A farHouse has two enforcement points that decide for themselves. The near
// one has good ways to the decision point and to Redis; those of the far one
// fail on demand.
type farHouse struct {
	*rig.Split
	near, far *rig.World
	redis     *realserver.Link // the far one's way to Redis
	authority *realserver.Link // and to who writes the revocation list
}

func newFarHouse(t *testing.T, redis, policies string) *farHouse {
	t.Helper()
	h := &farHouse{Split: rig.NewSplit(t)}
	h.StartRecords()
	h.StartInference()
	cached := func(c *config.Config, address string) {
		c.Stores.Cache.Addresses, c.Stores.Cache.TLS = []string{address}, "off"
	}
	pdp := h.StartPDP("pdp", func(c *config.Config) { cached(c, redis); c.Policies = policies })
	h.redis = realserver.NewLink(t, redis)
	h.authority = realserver.NewLink(t, pdp.Process.Inside("pdp")[len("https://"):])
	deciding := func(redis string) func(*config.Config) {
		return func(c *config.Config) {
			c.Roles = []string{config.RoleEngine, config.RolePEP}
			c.Policies = policies
			c.Keys.Folder = filepath.Join(h.Dir, "keys")
			c.Stores.Identity.File = filepath.Join(h.Dir, "identity.db")
			c.Stores.Sessions.File = filepath.Join(h.Dir, "sessions.db")
			cached(c, redis)
		}
	}
	h.StartPEP("near", "pdp", deciding(redis))
	h.StartPEP("far", "pdp", func(c *config.Config) {
		deciding(h.redis.Address)(c)
		c.PDP.URL = "https://" + h.authority.Address
	})
	h.near, h.far = h.At("near", "pdp"), h.At("far", "pdp")
	return h
}

// faults are the ways in which a network fails.
var faults = []struct {
	name  string
	begin func(*realserver.Link)
}{
	{"cut", (*realserver.Link).Cut},
	{"reset", (*realserver.Link).Reset},
	{"half open", (*realserver.Link).HalfOpen},
	{"latency", func(l *realserver.Link) { l.Slow(3_600_000) }}, // what is under way comes when it is mended, and not in the middle of a test
	{"slow", func(l *realserver.Link) { l.Narrow(0) }},
}

// readsNoRecords needs a session and nothing that lies behind a failing way.
const readsNoRecords = "/v2/models/breast-cancer"

// lettingNobodyRead is a book without readings from a stale list. Who asks again and again while
// nothing is allowed does not owe a factor for that.
func lettingNobodyRead(t *testing.T) string {
	t.Helper()
	book := rig.CopyBook(t)
	for _, row := range []string{`"doctor": 5,`, `"nurse": 5,`} {
		rig.EditFile(t, filepath.Join(book, "authz", "tables", "stale.rego"), row, "")
	}
	rig.EditFile(t, filepath.Join(book, filepath.FromSlash(rig.VerdictTable)), `"denials": 60`, `"denials": 6000`)
	return book
}

// An enforcement point loses Redis, and works on: the authority tells it who is
// cut off. It loses the authority too: after two seconds it lets nobody in, not
// even those of whom nothing is known, and says for what it waits. One of the
// two comes back: it works again by itself, and knows who was cut off while it
// was blind before it answers anybody.
func TestNeitherRedisNorTheAuthorityAnswers(t *testing.T) {
	newFarHouse(t, miniredis.RunT(t).Addr(), lettingNobodyRead(t)).goesBlindAndComesBack(t)
}

func (h *farHouse) goesBlindAndComesBack(t *testing.T) {
	admin := h.near.As("security")
	for i, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			h.near.T, h.far.T = t, t
			doctor, colleague, nurse := h.near.As("doctor").To(h.far), h.near.As("doctor2").To(h.far), h.near.As("nurse").To(h.far)
			rig.Until(t, "the feed", func() bool { return h.far.Metric("wardgate_revocation_feed_up") == "1" })

			fault.begin(h.redis)
			rig.Until(t, "the loss of Redis to be seen", func() bool { return h.far.Metric("wardgate_revocation_feed_up") == "0" })
			admin.Post("/api/admin/users/"+nurse.Me().ID+"/revoke", nil).Is(http.StatusNoContent)
			rig.Until(t, "the nurse's revocation in spite of it", func() bool { return nurse.Get(readsNoRecords).Status == http.StatusUnauthorized })
			for range 20 {
				doctor.Get(readsNoRecords).Is(http.StatusOK)
			}

			colleagueID := colleague.Me().ID
			fault.begin(h.authority)
			blind := func() bool { return doctor.Get(readsNoRecords).Status == http.StatusServiceUnavailable }
			rig.Until(t, "the list to be too old", blind)
			if status, r := h.far.Ready(); status != http.StatusOK || r.Detail["revocations"].State != "stale" || !slices.Contains(r.Degraded, "revocations") {
				t.Errorf("got %d %v %+v", status, r.Degraded, r.Detail["revocations"])
			}
			waits := doctor.Get(readsNoRecords).Denied(http.StatusServiceUnavailable, "revocation_unknown")
			if waits.Header.Get("Retry-After") == "" {
				t.Error("nobody is told when to ask again")
			}
			if got := nurse.Get(readsNoRecords); got.Status < 400 || !bytes.Contains(got.Body, []byte("session_revoked")) {
				t.Errorf("who is known to be cut off: got %d %s, want session_revoked among the reasons", got.Status, got.Body)
			}
			doctor.To(h.near).Get(readsNoRecords).Is(http.StatusOK)
			admin.Post("/api/admin/users/"+colleagueID+"/revoke", nil).Is(http.StatusNoContent)

			mended, other := h.redis, h.authority
			if i%2 == 1 {
				mended, other = other, mended
			}
			mended.Heal()
			rig.Until(t, "the colleague's revocation, and nothing let in before it", func() bool {
				a := colleague.Get(readsNoRecords)
				if a.Status < 400 {
					t.Fatalf("got %d with a session that was revoked while the enforcement point was blind", a.Status)
				}
				return a.Status == http.StatusUnauthorized
			})
			doctor.Get(readsNoRecords).Is(http.StatusOK)
			other.Heal()
			rig.Until(t, "the feed again", func() bool { return h.far.Metric("wardgate_revocation_feed_up") == "1" })
			doctor.Get(readsNoRecords).Is(http.StatusOK)
		})
	}
}

// The hospital would rather have doctors read on-site than wait, for a minute.
// They do, each reading is in the journal with how old the list was, and nobody
// and nothing else gets through.
func TestStaleReadingsAreForWhomTheTableNames(t *testing.T) {
	book := rig.CopyBook(t)
	rig.EditFile(t, filepath.Join(book, "authz", "tables", "stale.rego"), `"nurse": 5,`, "")
	h := newFarHouse(t, miniredis.RunT(t).Addr(), book)
	admin := h.near.As("security")
	doctor, colleague, nurse := h.near.As("doctor").To(h.far), h.near.As("doctor2").To(h.far), h.near.As("nurse").To(h.far)
	id := doctor.Items("/api/patients")[0].ID
	patient := "/api/patients/" + id
	service := "/api/services/" + doctor.Order(id)
	elevated := doctor.To(h.near).SteppedUp().To(h.far)
	edit := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest"}
	elevated.Put(service, edit).Is(http.StatusOK)
	admin.Post("/api/admin/users/"+colleague.Me().ID+"/revoke", nil).Is(http.StatusNoContent)
	rig.Until(t, "the colleague's revocation", func() bool { return colleague.Get(patient).Status == http.StatusUnauthorized })

	h.redis.Cut()
	h.authority.Cut()
	rig.Until(t, "the list to be too old", func() bool { return nurse.Get("/api/patients").Status == http.StatusServiceUnavailable })
	nurse.Get("/api/patients").Denied(http.StatusServiceUnavailable, "revocation_unknown")
	doctor.Get(patient).Is(http.StatusOK)
	elevated.Put(service, edit).Denied(http.StatusServiceUnavailable, "revocation_unknown")
	outside := &rig.Person{World: h.far, Name: "doctor", Token: doctor.Token, Via: "127.0.0.2"}
	outside.Get(patient).Denied(http.StatusServiceUnavailable, "revocation_unknown")
	if a := colleague.Get(patient); a.Status != http.StatusUnauthorized {
		t.Errorf("who was cut off before: got %d %s, want 401", a.Status, a.Body)
	}

	stale := func(e *pip.Event) bool {
		return e.Kind == pip.KindDecision && bytes.Contains(e.Input, []byte(`"stale_for":"short"`))
	}
	var read, changed int
	for _, e := range rig.Events(t, h.Parts["far"].Data, stale) {
		if age := e.Ages["revocation"]; e.Allow && age <= revocation.FreshFor.Microseconds() {
			t.Errorf("decision %s: got an age of %d µs for a list that is too old", e.Decision, age)
		}
		switch {
		case e.Allow && e.Action == "patient.read":
			read++
		case e.Allow:
			changed++
		}
	}
	if read != 1 || changed != 0 {
		t.Errorf("got %d readings and %d other things allowed on a list that is too old, want 1 and 0", read, changed)
	}

	h.authority.Heal()
	rig.Until(t, "the change", func() bool { return elevated.Put(service, edit).Status == http.StatusOK })
	nurse.Get("/api/patients").Is(http.StatusOK)
}

package e2e_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
)

// A farHouse has two enforcement points that decide for themselves. The near
// one has good ways to the decision point and to Redis; those of the far one
// fail on demand.
type farHouse struct {
	*house
	near, far *world
	redis     *realserver.Link // the far one's way to Redis
	authority *realserver.Link // and to who writes the revocation list
}

func newFarHouse(t *testing.T, redis, policies string) *farHouse {
	t.Helper()
	h := &farHouse{house: newHouse(t)}
	h.startRecords()
	h.startInference()
	cached := func(c *config.Config, address string) {
		c.Stores.Cache.Addresses, c.Stores.Cache.TLS = []string{address}, "off"
	}
	pdp := h.startPDP("pdp", func(c *config.Config) { cached(c, redis); c.Policies = policies })
	h.redis = realserver.NewLink(t, redis)
	h.authority = realserver.NewLink(t, pdp.app.Inside("pdp")[len("https://"):])
	deciding := func(redis string) func(*config.Config) {
		return func(c *config.Config) {
			c.Roles = []string{config.RoleEngine, config.RolePEP}
			c.Policies = policies
			c.Keys.Folder = filepath.Join(h.dir, "keys")
			c.Stores.Identity.File = filepath.Join(h.dir, "identity.db")
			c.Stores.Sessions.File = filepath.Join(h.dir, "sessions.db")
			cached(c, redis)
		}
	}
	h.startPEP("near", "pdp", deciding(redis))
	h.startPEP("far", "pdp", func(c *config.Config) {
		deciding(h.redis.Address)(c)
		c.PDP.URL = "https://" + h.authority.Address
	})
	h.near, h.far = h.at("near", "pdp"), h.at("far", "pdp")
	return h
}

// to is the same person at another enforcement point.
func (p *person) to(w *world) *person { return &person{w: w, name: p.name, token: p.token, via: p.via} }

// faults are the ways in which a network fails.
var faults = []struct {
	name  string
	begin func(*realserver.Link)
}{
	{"cut", (*realserver.Link).Cut},
	{"reset", (*realserver.Link).Reset},
	{"half open", (*realserver.Link).HalfOpen},
	{"latency", func(l *realserver.Link) { l.Slow(8000) }},
	{"slow", func(l *realserver.Link) { l.Narrow(0) }},
}

// readsNoRecords needs a session and nothing that lies behind a failing way.
const readsNoRecords = "/v2/models/breast-cancer"

// An enforcement point loses Redis, and works on: the authority tells it who is
// cut off. It loses the authority too: after two seconds it lets nobody in, not
// even those of whom nothing is known, and says for what it waits. One of the
// two comes back: it works again by itself, and knows who was cut off while it
// was blind before it answers anybody.
func TestNeitherRedisNorTheAuthorityAnswers(t *testing.T) {
	newFarHouse(t, miniredis.RunT(t).Addr(), "").goesBlindAndComesBack(t)
}

func (h *farHouse) goesBlindAndComesBack(t *testing.T) {
	admin := h.near.as("security")
	for i, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			h.near.t, h.far.t = t, t
			doctor, colleague, nurse := h.near.as("doctor").to(h.far), h.near.as("doctor2").to(h.far), h.near.as("nurse").to(h.far)
			until(t, "the feed", func() bool { return h.far.metric("wardgate_revocation_feed_up") == "1" })

			fault.begin(h.redis)
			until(t, "the loss of Redis to be seen", func() bool { return h.far.metric("wardgate_revocation_feed_up") == "0" })
			admin.post("/api/admin/users/"+nurse.me().ID+"/revoke", nil).is(http.StatusNoContent)
			until(t, "the nurse's revocation in spite of it", func() bool { return nurse.get(readsNoRecords).status == http.StatusUnauthorized })
			for range 20 {
				doctor.get(readsNoRecords).is(http.StatusOK)
			}

			colleagueID := colleague.me().ID
			fault.begin(h.authority)
			blind := func() bool { return doctor.get(readsNoRecords).status == http.StatusServiceUnavailable }
			until(t, "the list to be too old", blind)
			if status, r := h.far.ready(); status != http.StatusOK || r.Detail["revocations"].State != "stale" || !slices.Contains(r.Degraded, "revocations") {
				t.Errorf("got %d %v %+v", status, r.Degraded, r.Detail["revocations"])
			}
			waits := doctor.get(readsNoRecords).denied(http.StatusServiceUnavailable, "revocation_unknown")
			if waits.header.Get("Retry-After") == "" {
				t.Error("nobody is told when to ask again")
			}
			if got := nurse.get(readsNoRecords); got.status < 400 || !bytes.Contains(got.body, []byte("session_revoked")) {
				t.Errorf("who is known to be cut off: got %d %s, want session_revoked among the reasons", got.status, got.body)
			}
			doctor.to(h.near).get(readsNoRecords).is(http.StatusOK)
			admin.post("/api/admin/users/"+colleagueID+"/revoke", nil).is(http.StatusNoContent)

			mended, other := h.redis, h.authority
			if i%2 == 1 {
				mended, other = other, mended
			}
			mended.Heal()
			until(t, "the colleague's revocation, and nothing let in before it", func() bool {
				a := colleague.get(readsNoRecords)
				if a.status < 400 {
					t.Fatalf("got %d with a session that was revoked while the enforcement point was blind", a.status)
				}
				return a.status == http.StatusUnauthorized
			})
			doctor.get(readsNoRecords).is(http.StatusOK)
			other.Heal()
			until(t, "the feed again", func() bool { return h.far.metric("wardgate_revocation_feed_up") == "1" })
			doctor.get(readsNoRecords).is(http.StatusOK)
		})
	}
}

// The hospital would rather have doctors read on-site than wait, for a minute.
// They do, each reading is in the journal with how old the list was, and nobody
// and nothing else gets through.
func TestStaleReadingsAreForWhomTheTableNames(t *testing.T) {
	book := copyBook(t)
	editFile(t, filepath.Join(book, "authz", "tables", "stale.rego"), "stale_revocation_reads := {}", `stale_revocation_reads := {"doctor": 1}`)
	h := newFarHouse(t, miniredis.RunT(t).Addr(), book)
	admin := h.near.as("security")
	doctor, colleague, nurse := h.near.as("doctor").to(h.far), h.near.as("doctor2").to(h.far), h.near.as("nurse").to(h.far)
	patient := "/api/patients/" + doctor.items("/api/patients")[0].ID
	service := "/api/services/" + doctor.items(patient + "/services")[0].ID
	elevated := doctor.to(h.near).steppedUp().to(h.far)
	edit := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest"}
	elevated.put(service, edit).is(http.StatusOK)
	admin.post("/api/admin/users/"+colleague.me().ID+"/revoke", nil).is(http.StatusNoContent)
	until(t, "the colleague's revocation", func() bool { return colleague.get(patient).status == http.StatusUnauthorized })

	h.redis.Cut()
	h.authority.Cut()
	until(t, "the list to be too old", func() bool { return nurse.get("/api/patients").status == http.StatusServiceUnavailable })
	nurse.get("/api/patients").denied(http.StatusServiceUnavailable, "revocation_unknown")
	doctor.get(patient).is(http.StatusOK)
	elevated.put(service, edit).denied(http.StatusServiceUnavailable, "revocation_unknown")
	outside := &person{w: h.far, name: "doctor", token: doctor.token, via: "127.0.0.2"}
	outside.get(patient).denied(http.StatusServiceUnavailable, "revocation_unknown")
	if a := colleague.get(patient); a.status != http.StatusUnauthorized {
		t.Errorf("who was cut off before: got %d %s, want 401", a.status, a.body)
	}

	stale := func(e *pip.Event) bool {
		return e.Kind == pip.KindDecision && bytes.Contains(e.Input, []byte(`"stale_for":"short"`))
	}
	var read, changed int
	for _, e := range events(t, h.parts["far"].data, stale) {
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
	until(t, "the change", func() bool { return elevated.put(service, edit).status == http.StatusOK })
	nurse.get("/api/patients").is(http.StatusOK)
}

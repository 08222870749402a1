package pdp

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Tables are what a rule book says to the rest of the house, of one revision
// with its rules. They are not to be changed. The zero Tables know no route, no
// role, no reason and no network, and leave no room for callers without a
// session.
type Tables struct {
	Revision  string
	Routes    []Route
	Roles     pip.Roles
	Reasons   Reasons
	Anonymous Anonymous
	Recorded  Recorded
	UnderWay  UnderWay
	Networks  []netip.Prefix // the hospital's own
	Columns   []string       `json:"-"` // that the book says records have; the gate compares them

	// Rows are the same networks, by the names of their rows.
	Rows map[string]pip.Networks `json:"-"`

	// Quotas are what one subject may ask of Wardgate's own services, by name, in
	// requests a minute. A service without one has no quota.
	Quotas map[string]int
}

// OnSite reports whether an address is of one of the hospital's own networks.
func (t *Tables) OnSite(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsValid() && slices.ContainsFunc(t.Networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// HasNetwork reports whether the table of networks has a row of that name.
func (t *Tables) HasNetwork(row string) bool { return len(t.Rows[row]) > 0 }

// InNetwork reports whether an address is in the networks of a row.
func (t *Tables) InNetwork(row string, a netip.Addr) bool { return t.Rows[row].Place(a) == "on_site" }

// A Route maps a request line to what it means. Path is a template such as
// "/api/patients/{patient}"; Resource names the parameter that is the
// resource's id, or just its type when the route is a collection. A parameter may have a
// grammar, as in "/studies/{study:oid}", and the last may be the rest of the path, as in
// "/ui/{file...}"; pep/route reads them. Query is for an id that stands in the query, as
// in "id={page:segment}".
type Route struct {
	ID          string `json:"id"`
	Method      string `json:"method"`
	Path        string `json:"path"`
	Query       string `json:"query,omitempty"`
	Application string `json:"application"`
	Action      string `json:"action"`
	Resource    string `json:"resource"`
	Body        string `json:"body"`               // of Bodies
	Required    bool   `json:"required,omitempty"` // a request without its body is refused
	Limit       int64  `json:"limit,omitempty"`    // of its body, in bytes; 0 means BodyLimit
	Weight      int    `json:"weight,omitempty"`   // of a request in its subject's quota of the application; 0 means 1
}

// One reports whether a request names one resource by its id, and no collection.
func (r *Route) One() bool {
	return r.Query != "" || strings.Contains(r.Path, "{"+r.Resource+"}") || strings.Contains(r.Path, "{"+r.Resource+":")
}

// Methods are those that a request may have, and so those that rows may name.
var Methods = []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}

// OwnApplications are the names that Wardgate's own services have in routes.
var OwnApplications = []string{"admin", "console", "demo", "inference", "keys", "records", "signals"}

// Anonymous are the limits of callers without a session. The zero limits admit
// none.
type Anonymous struct {
	PerMinute, Burst             int // of one address off-site
	OnSitePerMinute, OnSiteBurst int
	OffSitePerMinute             int // of all off-site together
	FruitlessPerMinute           int // that came to nothing, of one source; 0 for no bound of their own
	FruitlessBurst               int
	CostlyAtOnce, CostlyWaiting  int             // costly actions
	Costly                       map[string]bool // the actions that are
}

// Recorded is how many refusals have a record of their own in ten seconds; further
// ones are counted in one for many. With the zero Recorded all are counted.
type Recorded struct {
	Anonymous, OnSite int // of one address, of callers without a session
	Session           int // of one session that has ended, or that asks for what there is not
	Denied            int // of one session, of what the policy denied it
}

// UnderWay is how often what lasts is decided again, and for how long it goes on of which it
// is not known whether it may. With the zero UnderWay that is at each look, and not at all.
type UnderWay struct {
	Every        time.Duration
	Grace        time.Duration // of people
	MachineGrace time.Duration
}

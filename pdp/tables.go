package pdp

import (
	"net/netip"
	"slices"

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
	Networks  []netip.Prefix // the hospital's own
}

// OnSite reports whether an address is of one of the hospital's own networks.
func (t *Tables) OnSite(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsValid() && slices.ContainsFunc(t.Networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// A Route maps a request line to what it means. Path is a template such as
// "/api/patients/{patient}"; Resource names the parameter that is the
// resource's id, or just its type when the route is a collection.
type Route struct {
	ID          string `json:"id"`
	Method      string `json:"method"`
	Path        string `json:"path"`
	Application string `json:"application"`
	Action      string `json:"action"`
	Resource    string `json:"resource"`
	Body        string `json:"body"`               // "none", "json"
	Required    bool   `json:"required,omitempty"` // a request without its body is refused
}

// Anonymous are the limits of callers without a session. The zero limits admit
// none.
type Anonymous struct {
	PerMinute, Burst             int // of one address off-site
	OnSitePerMinute, OnSiteBurst int
	OffSitePerMinute             int             // of all off-site together
	Recorded, OnSiteRecorded     int             // denials recorded singly in ten seconds
	CostlyAtOnce, CostlyWaiting  int             // costly actions
	Costly                       map[string]bool // the actions that are
}

// Package tables is what the engine reads of a rule book's tables, typed and
// checked whole: routes, limits, networks, thresholds, freshness, claims. It
// knows no Rego: it is given the document that the tables are.
package tables

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// Tables is what the engine itself reads of a rule book's tables: how measured
// facts become words, and what request lines mean.
type Tables struct {
	House     *pdp.Tables   // what the rest of the house reads
	Claims    []Claim       // by name
	Sections  []pip.Section // of information points
	Wordings  []any         // of each of them
	Freshness []pip.Freshness
	Columns   []string         // that records have
	Words     map[string][]any // that the tables give to paths of the input

	thresholds thresholds
	networks   pip.Networks
	zone       *time.Location
	acr        string
	limits     limitRows
	callers    trust
	document   any // all of the tables
	raw        map[string]json.RawMessage
}

type thresholds struct {
	ElevationSeconds int    `json:"elevation_seconds"`
	DayBegins        int    `json:"day_begins"`
	DayEnds          int    `json:"day_ends"`
	TimeZone         string `json:"time_zone"`
}

// tablesDocument is data.authz.tables, as far as the engine reads it.
type tablesDocument struct {
	Thresholds *thresholds         `json:"thresholds"`
	ACR        string              `json:"step_up_acr"`
	Routes     []pdp.Route         `json:"routes"`
	Limits     *limitRows          `json:"limits"`
	Costly     []string            `json:"costly"`
	Freshness  freshness           `json:"freshness"`
	Stale      map[string]int      `json:"stale_revocation_reads"` // whose roles are looked up here
	Actions    map[string]any      `json:"actions"`
	Rights     map[string]row      `json:"rights"`
	Masks      masks               `json:"masks"`
	Claims     map[string]claimRow `json:"claims"`
	Callers    trust               `json:"callers"`
	withheldTables
	roleTables
	houseTables
}

// Reads reports whether a table is read here or by the wording of an information
// point, whether or not a rule reads it too.
func Reads(name string, points []pip.Section) bool {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[tablesDocument]()) {
		if key, _, _ := strings.Cut(field.Tag.Get("json"), ","); key == name {
			return true
		}
	}
	asked := recorder{"networks": true}
	for _, s := range points {
		if s.Wording != nil {
			_, _ = s.Wording(asked) // of no tables, which is not what is asked here
		}
	}
	return asked[name]
}

// A recorder notes which tables are asked for, and has none.
type recorder map[string]bool

func (r recorder) Read(name string, _ any) error { r[name] = true; return nil }

// A row of the table of rights: how far each role reaches.
type row map[string]string

// words are the names of actions and of roles.
func (d *tablesDocument) words() map[string][]any {
	roles := map[string]bool{}
	for _, cells := range d.Rights {
		for role := range cells {
			roles[role] = true
		}
	}
	return map[string][]any{
		"action.name":             names(d.Actions),
		"subject.properties.role": names(roles),
	}
}

func names[V any](m map[string]V) []any {
	var list []any
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, name)
	}
	return list
}

// Read checks the tables whole and reports all faults together: those of the
// wordings of information points are among them.
func Read(document any, digest string, points []pip.Section) (*Tables, error) {
	raw, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("read tables: %w", err)
	}
	var d tablesDocument
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("authz.tables: %w", err)
	}
	if d.Thresholds == nil {
		return nil, errors.New("authz.tables: thresholds is missing")
	}
	if d.Limits == nil {
		return nil, errors.New("authz.tables: limits is missing")
	}
	if d.Freshness == nil {
		return nil, errors.New("authz.tables: freshness is missing")
	}
	t := &Tables{document: document, Sections: points, limits: *d.Limits, thresholds: *d.Thresholds, acr: d.ACR, Words: d.words()}
	faults := slices.Concat(t.thresholds.faults(), t.limits.faults())
	if err := json.Unmarshal(raw, &t.raw); err != nil {
		return nil, fmt.Errorf("authz.tables: %w", err)
	}
	faults = append(faults, t.word(d.Freshness)...)
	for _, action := range d.Costly {
		if d.Actions[action] == nil {
			faults = append(faults, fmt.Errorf("costly: %q stands in no row of actions", action))
		}
	}
	if len(d.Costly) == 0 {
		faults = append(faults, errors.New("costly is missing or empty"))
	}
	if d.ACR == "" {
		faults = append(faults, errors.New("step_up_acr is missing"))
	}
	if len(d.Rights) == 0 {
		faults = append(faults, errors.New("rights is missing or empty"))
	}
	for _, row := range d.Routes {
		if d.Actions[row.Action] == nil {
			faults = append(faults, fmt.Errorf("routes: %s %s: action %q stands in no row of actions", row.Method, row.Path, row.Action))
		}
		if row.Required && row.Body == "none" {
			faults = append(faults, fmt.Errorf("routes: %s %s: required: a row whose body is \"none\" cannot require one", row.Method, row.Path))
		}
	}
	faults = append(faults, d.Masks.faults(d.Actions)...)
	claims, wrong := readClaims(d.Claims, d.Callers)
	t.Claims, t.callers, t.Columns = claims, d.Callers, d.Columns
	faults = append(faults, d.withheldTables.faults()...)
	faults = append(faults, d.namesFaults()...)
	faults = append(faults, wrong...)
	if len(d.Routes) == 0 {
		faults = append(faults, errors.New("routes is missing or empty"))
	}
	if t.zone, err = time.LoadLocation(t.thresholds.TimeZone); err != nil {
		faults = append(faults, errors.New("thresholds.time_zone: expected an IANA name such as Europe/Berlin"))
	}
	if t.networks, err = pip.ReadNetworks(t); err != nil {
		faults = append(faults, flat(err)...)
	}
	house, wrong := d.house(digest)
	faults = append(faults, wrong...)
	house.Networks, t.House = t.networks, house
	if len(faults) > 0 {
		return nil, fmt.Errorf("authz.tables: %w", errors.Join(once(faults)...))
	}
	return t, nil
}

func (t *thresholds) faults() []error {
	var faults []error
	if t.ElevationSeconds <= 0 {
		faults = append(faults, errors.New("thresholds.elevation_seconds: expected a whole number above 0"))
	}
	if t.DayBegins < 0 || t.DayEnds > 24 || t.DayBegins >= t.DayEnds {
		faults = append(faults, errors.New("thresholds.day_begins, day_ends: expected hours with 0 <= day_begins < day_ends <= 24"))
	}
	return faults
}

// Place is "on_site", "off_site", or "" when there is no address.
func (t *Tables) Place(a netip.Addr) string { return t.networks.Place(a) }

// Elevation is "fresh" while a step-up counts, then "expired"; "none" without one.
func (t *Tables) Elevation(c *pdp.Context) string {
	if c.Credential.ACR != t.acr || c.Credential.AuthTime.IsZero() {
		return "none"
	}
	age := c.Time.Sub(c.Credential.AuthTime)
	if age > time.Duration(t.thresholds.ElevationSeconds)*time.Second || age < -clockLeeway {
		return "expired"
	}
	return "fresh"
}

// clockLeeway is how far clocks of two machines may differ.
const clockLeeway = 30 * time.Second

// Period is "day" or "night" in the hospital's own time zone, "" when there is
// no time.
func (t *Tables) Period(now time.Time) string {
	if now.IsZero() {
		return ""
	}
	hour := now.In(t.zone).Hour()
	if hour >= t.thresholds.DayBegins && hour < t.thresholds.DayEnds {
		return "day"
	}
	return "night"
}

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
	Elsewhere map[string]bool  // actions whose every route is of an application that is not Wardgate's own
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
	Routes     []Route             `json:"routes"`
	Limits     *limitRows          `json:"limits"`
	Costly     []string            `json:"costly"`
	Freshness  freshness           `json:"freshness"`
	Stale      map[string]int      `json:"stale_revocation_reads"` // whose roles are looked up here
	Actions    map[string]action   `json:"actions"`
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
	_, asked := readers(points)[name]
	return asked || name == "networks"
}

// Outside reports whether a table says something that no rule does, because Go goes
// by it: routes, limits, networks, texts of reasons. What rules alone go by is in
// what they decide.
func Outside(name string, points []pip.Section) bool {
	return Reads(name, points) && !slices.Contains(checked, name)
}

// checked are tables that are read for their faults alone.
var checked = []string{"actions", "rights", "masks", "withheld_off_site", "withheld_from"}

// readers are the types that tables are read into, by table: here and by the
// wordings of information points.
func readers(points []pip.Section) map[string][]reflect.Type {
	asked := recorder{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[tablesDocument]()) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			asked[name] = append(asked[name], field.Type)
		}
	}
	for _, s := range points {
		if s.Wording != nil {
			_, _ = s.Wording(asked) // of no tables, which is not what is asked here
		}
	}
	return asked
}

// A recorder notes which tables are asked for, and has none.
type recorder map[string][]reflect.Type

func (r recorder) Read(name string, into any) error {
	r[name] = append(r[name], reflect.TypeOf(into))
	return nil
}

// strayMembers reports members of tables, such as thresholds, that none of their
// readers knows.
func strayMembers(document any, points []pip.Section) (faults []error) {
	all, _ := document.(map[string]any)
	for name, types := range readers(points) {
		members, isObject := all[name].(map[string]any)
		var known []string
		for _, t := range types {
			for t.Kind() == reflect.Pointer {
				t = t.Elem()
			}
			if t.Kind() != reflect.Struct {
				isObject = false // its keys are names
				break
			}
			for _, field := range reflect.VisibleFields(t) {
				key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				known = append(known, key)
			}
		}
		if !isObject {
			continue
		}
		for _, member := range slices.Sorted(maps.Keys(members)) {
			if !slices.Contains(known, member) {
				faults = append(faults, fmt.Errorf("%s: there is no member %q%s", name, member, Near(member, known)))
			}
		}
	}
	return faults
}

// A row of the table of rights: how far each role reaches.
type row map[string]string

// An action is one row of the table of actions. Rules may read more of it.
type action map[string]any

func (d *tablesDocument) actionFaults() (faults []error) {
	for _, name := range slices.Sorted(maps.Keys(d.Actions)) {
		right, _ := d.Actions[name]["right"].(string)
		if _, there := d.Actions[name]["changes"].(bool); !there || right == "" {
			faults = append(faults, fmt.Errorf("actions.%s: expected right as a text, and changes as true or false; there are %s",
				name, list(slices.Sorted(maps.Keys(d.Actions[name])))))
		}
	}
	return faults
}

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

// elsewhere are the actions that only applications of others are asked for.
func elsewhere(routes []Route) map[string]bool {
	others := map[string]bool{}
	for _, row := range routes {
		if !slices.Contains(pdp.OwnApplications, row.Application) {
			others[row.Action] = true
		}
	}
	for _, row := range routes {
		if slices.Contains(pdp.OwnApplications, row.Application) {
			delete(others, row.Action)
		}
	}
	return others
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
	misfits := Misfits(document, reflect.TypeFor[tablesDocument]())
	if err := json.Unmarshal(raw, &d); err != nil {
		if len(misfits) > 0 {
			err = errors.Join(misfits...)
		}
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
	t := &Tables{document: document, Sections: points, limits: *d.Limits, thresholds: *d.Thresholds, acr: d.ACR, Words: d.words(), Elsewhere: elsewhere(d.Routes)}
	faults := slices.Concat(misfits, strayMembers(document, points), t.thresholds.faults(), t.limits.faults(), d.actionFaults())
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
	faults = append(faults, methodFaults(d.Routes)...)
	for _, row := range routesOf(d.Routes) {
		if d.Actions[row.Action] == nil {
			faults = append(faults, fmt.Errorf("routes: %s %s: action %q stands in no row of actions", row.Method, row.Path, row.Action))
		}
		for _, fault := range row.BodyFaults() {
			faults = append(faults, fmt.Errorf("routes: %s %s: %w", row.Method, row.Path, fault))
		}
	}
	faults = append(faults, d.Masks.faults(d.Actions, d.Roles.Names())...)
	claims, wrong := readClaims(d.Claims, d.Callers)
	t.Claims, t.callers, t.Columns = claims, d.Callers, d.Columns
	faults = append(faults, d.withheldTables.faults()...)
	faults = append(faults, d.namesFaults()...)
	faults = append(faults, d.allergyFaults()...)
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
	house.Networks, house.Columns, t.House = t.networks, t.Columns, house
	house.Rows, _ = pip.ReadNetworkRows(t) // its faults are those above
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

// Elevation is "fresh" while a step-up counts, then "expired"; "none" without one. age
// is how long ago the newest factor was, if there was one.
func (t *Tables) Elevation(acr string, age time.Duration, proved bool) string {
	if acr != t.acr || !proved {
		return "none"
	}
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

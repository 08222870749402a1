package pages

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
	"github.com/wardgate/wardgate/pip"
)

const (
	stationsPath = "/workstations"

	stationField = "station" // name of a workstation
	zoneField    = "zone"
	networkField = "network"
	proofField   = "proof"
	fromField    = "from" // name behind which the list goes on

	// stationsShown is how many workstations one page lists.
	stationsShown = 100
)

// faultsAt says which field a refused registration is about.
var faultsAt = map[string]string{
	"workstation_name": stationField, "workstation_taken": stationField,
	"workstation_zone": zoneField, "workstation_network": networkField,
}

type stationsPage struct {
	Code     []look.Fact // of a registration that was just made: it is shown this once
	None     bool
	Stations []station
	More     *look.Link
	Register look.Form
}

// A station is a workstation as officers see it.
type station struct {
	Name   string
	Waits  bool // for its code to be typed
	Facts  []look.Fact
	Remove look.Form
}

// forOfficers are the links to what officers do by pages. Whether they may is for the
// policy to say.
func (v *visit) forOfficers() []look.Link {
	if v.parts.Tables().Roles[v.who.Role].Kind != pip.RoleOfficer {
		return nil
	}
	return v.links(stationsPath, "stations.heading")
}

// showStations lists the workstations, for officers, with a form for another one.
func (v *visit) showStations() {
	v.listStations(v.showing("stations", "stations.heading"), stationsPage{})
}

func (v *visit) listStations(p look.Page, page stationsPage) {
	all, err := v.parts.Stations.List(v.r.Context())
	if err != nil {
		v.refused(err)
	}
	page.None = err == nil && len(all) == 0
	shown := all
	if from := v.r.URL.Query().Get(fromField); from != "" {
		shown = slices.DeleteFunc(slices.Clone(all), func(s workstation.Station) bool { return s.Name <= from })
	}
	if len(shown) > stationsShown {
		shown = shown[:stationsShown]
		next := url.Values{fromField: {shown[stationsShown-1].Name}}
		page.More = &look.Link{Path: p.To(stationsPath + "?" + next.Encode()), Word: "stations.more"}
	}
	names := map[string]string{}
	for i := range shown {
		page.Stations = append(page.Stations, v.station(&shown[i], names))
	}
	page.Register = v.registering()
	v.complete(&page.Register)
	p.Wrong, p.Data = v.faults, page
	v.write(p)
}

// station shows one. names are those of officers that were looked up before.
func (v *visit) station(s *workstation.Station, names map[string]string) station {
	if _, known := names[s.By]; !known {
		names[s.By] = v.say("stations.unknown")
		if s.By != "" {
			names[s.By] = v.parts.Admin.NameOf(v.r.Context(), s.By)
		}
	}
	enrolled, seen := v.say("stations.waits_until", at(s.CodeOver)), v.say("stations.never")
	if !s.Enrolled.IsZero() {
		enrolled = at(s.Enrolled)
	}
	if !s.Seen.IsZero() {
		seen = at(s.Seen)
	}
	shown := station{
		Name: s.Name, Waits: s.Enrolled.IsZero(),
		Facts: []look.Fact{
			{Word: "field.zone", Text: s.Zone},
			{Word: "field.network", Text: s.Network},
			{Word: "stations.proof", Text: v.say("proof." + string(s.Proof))},
			{Word: "stations.by", Text: names[s.By]},
			{Word: "stations.registered", Text: at(s.Registered)},
			{Word: "stations.enrolled", Text: enrolled},
			{Word: "stations.seen", Text: seen},
		},
		Remove: look.Form{Action: stationsPath + "/" + s.ID + "/remove", Submit: "stations.remove", Class: "danger"},
	}
	if s.Zone == "" {
		shown.Facts = shown.Facts[1:]
	}
	v.complete(&shown.Remove)
	return shown
}

func (v *visit) registering() look.Form {
	var rows []look.Choice
	for _, name := range slices.Sorted(maps.Keys(v.parts.Tables().Rows)) {
		rows = append(rows, look.Choice{Value: name, Text: name})
	}
	f := look.Form{
		Action: stationsPath, Submit: "stations.submit",
		Fields: []look.Field{
			{Name: stationField, Label: "field.station", Hint: "hint.station"},
			{Name: zoneField, Label: "field.zone", Hint: "hint.zone", Optional: true},
			{Name: networkField, Label: "field.network", Hint: "hint.network", Choices: rows},
		},
		Back: &look.Link{Path: "/account/", Word: "look.back"},
	}
	if v.parts.Stations.HasCertificates() {
		f.Fields = append(f.Fields, look.Field{Name: proofField, Label: "field.proof", Hint: "hint.proof", Choices: []look.Choice{
			{Value: string(workstation.ByKey), Text: v.say("proof.key")}, {Value: string(workstation.ByCertificate), Text: v.say("proof.certificate")},
		}})
	}
	return f
}

// register shows the code of the registration, this once.
func (v *visit) register() {
	needed := []string{stationField, networkField}
	if v.parts.Stations.HasCertificates() {
		needed = append(needed, proofField)
	}
	if !v.required(needed...) {
		v.showStations()
		return
	}
	s, code, err := v.parts.Stations.Register(v.r.Context(), v.client, v.who.Subject, workstation.Registration{
		Name: v.text(stationField), Zone: v.text(zoneField), Network: v.text(networkField), Proof: workstation.Proof(v.text(proofField)),
	})
	if err != nil {
		v.unregistered(err)
		v.showStations()
		return
	}
	for _, name := range []string{stationField, zoneField, networkField, proofField} {
		v.sent.Del(name)
	}
	p := v.showing("stations", "stations.heading")
	p.Done = v.say("stations.done", s.Name)
	v.listStations(p, stationsPage{
		Code: []look.Fact{{Word: "workstation.code", Text: code, Code: true}, {Word: "stations.code_until", Text: at(s.CodeOver)}},
	})
}

// unregistered notes what was refused, beside the field that it is about.
func (v *visit) unregistered(err error) {
	v.refused(err)
	var r *admin.Refusal
	if !errors.As(err, &r) || len(r.Reasons) == 0 || len(v.faults) == 0 {
		return
	}
	if field := faultsAt[r.Reasons[0]]; field != "" {
		last := &v.faults[len(v.faults)-1]
		last.Field, v.fields[field] = field, last.Text
	}
}

func (v *visit) withdraw() {
	err := v.parts.Stations.Remove(v.r.Context(), v.client, v.who.Subject, v.r.PathValue("workstation"))
	var r *admin.Refusal
	switch {
	case err == nil:
		v.leaveDone(stationsPath, "stations.removed")
	case errors.As(err, &r) && r.Kind == admin.Missing:
		v.status = http.StatusNotFound
		v.wrong("", v.say("stations.gone"))
		v.showStations()
	default:
		v.refused(err)
		v.showStations()
	}
}

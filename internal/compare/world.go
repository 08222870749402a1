package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A world is what requests can be about.
type world struct {
	people   []*person
	patients map[string][]string // whose -> ids
	services []string
	models   map[string][]string // features
	added    []string            // symbols of patients that were added
	made     []string            // symbols of services
	signed   int                 // sign-ups so far
}

func (w *world) person(name string) *person {
	for _, p := range w.people {
		if p.name == name {
			return p
		}
	}
	return nil
}

// setUp makes accounts beside those of the demo, logs everybody in and learns
// what there is.
func (h *harness) setUp() (*world, error) {
	w := &world{patients: map[string][]string{}, models: map[string][]string{}}
	for _, p := range []person{
		{name: "doctor", role: "doctor", agent: firefox},
		{name: "doctor2", role: "doctor", agent: chrome},
		{name: "nurse", role: "nurse", agent: firefox},
		{name: "patient", role: "patient", agent: chrome},
		{name: "security", role: "security", agent: firefox},
		{name: "officer", role: "security", agent: chrome},
		{name: "visitor", role: "patient", agent: firefox},
		{name: "locum", role: "doctor", agent: chrome},
	} {
		w.people = append(w.people, &p)
	}
	for _, s := range h.sides {
		if err := s.furnish(); err != nil {
			return nil, err
		}
	}
	for _, p := range w.people {
		if err := h.logIn(p); err != nil {
			return nil, err
		}
		own := firstOnly(h, func(a *answer) { w.patients[p.name] = append(w.patients[p.name], ownRecord(a)...) })
		if err := h.get(p, "/api/me", all(take("id "+p.name, "id"), own)); err != nil {
			return nil, err
		}
		if err := h.get(p, "/api/patients?limit=100", firstOnly(h, func(a *answer) { w.patients[p.name] = append(w.patients[p.name], ids(a)...) })); err != nil {
			return nil, err
		}
	}
	for _, id := range w.patients["doctor"][:4] {
		if err := h.get(w.people[0], "/api/patients/"+id+"/services", firstOnly(h, func(a *answer) { w.services = append(w.services, ids(a)...) })); err != nil {
			return nil, err
		}
	}
	for _, model := range []string{"breast-cancer", "blood-pressure"} {
		if err := h.get(w.people[0], "/v2/models/"+model, firstOnly(h, func(a *answer) { w.models[model] = features(a) })); err != nil {
			return nil, err
		}
	}
	if len(w.services) == 0 || len(w.models["breast-cancer"]) == 0 || len(w.patients["nurse"]) == 0 || len(w.patients["patient"]) == 0 {
		return nil, fmt.Errorf("the demo hospital has no patients, services or models to ask about")
	}
	return w, nil
}

// furnish adds accounts and a machine by the program's own command line.
func (s *side) furnish() error {
	for _, args := range [][]string{
		{"officer", "--role", "security"},
		{"visitor", "--role", "patient"},
		{"locum", "--role", "doctor"},
	} {
		add := append([]string{"user", "add", args[0], "--data", s.data(), "--email", args[0] + "@demo.hospital.test"}, args[1:]...)
		if _, err := s.command(password+"\n", add...); err != nil {
			return err
		}
	}
	key, err := s.command("", "machine", "add", "badges", "--data", s.data())
	if err != nil {
		return err
	}
	for _, word := range strings.Fields(key) {
		if strings.HasPrefix(word, "wgm_") {
			s.known["key badges"] = word
		}
	}
	token, err := os.ReadFile(filepath.Join(s.data(), "pdp.token"))
	if err != nil {
		return err
	}
	s.known["pdp token"] = strings.TrimSpace(string(token))
	return nil
}

// firstOnly has what the old side answered be learned: what both share.
func firstOnly(h *harness, learn func(*answer)) func(*side, *answer) {
	return func(s *side, a *answer) {
		if s == h.sides[0] {
			learn(a)
		}
	}
}

func ids(a *answer) []string {
	var page struct{ Items []struct{ ID string } }
	if json.Unmarshal(a.body, &page) != nil {
		return nil
	}
	var list []string
	for _, one := range page.Items {
		list = append(list, one.ID)
	}
	return list
}

// ownRecord is the record of a patient's own account.
func ownRecord(a *answer) []string {
	var me struct {
		Patient string `json:"patient_id"`
	}
	if json.Unmarshal(a.body, &me) != nil || me.Patient == "" {
		return nil
	}
	return []string{me.Patient}
}

func features(a *answer) []string {
	var m struct{ Parameters struct{ Features []string } }
	if json.Unmarshal(a.body, &m) != nil {
		return nil
	}
	return m.Parameters.Features
}

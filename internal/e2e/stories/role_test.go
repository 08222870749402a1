package stories_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// bookWithBilling is the built-in rule book with one more role, by rows of
// tables alone.
func bookWithBilling(t *testing.T) string {
	t.Helper()
	dir := rig.CopyBook(t)
	for _, row := range []struct{ file, old, added string }{
		{"roles.rego", `roles := {`, `"billing": {"kind": "staff", "sign_up": true, "record": "staff"},`},
		{"rights.rego", `"Billing and Finance": {`, `"billing": "all",`},
		{"rights.rego", `"Own account": {`, `"billing": "account",`},
		{"rights.rego", `"Second factors": {`, `"billing": "account",`},
	} {
		rig.EditFile(t, filepath.Join(dir, "authz", "tables", row.file), row.old, row.old+"\n\t"+row.added+"\n\t")
	}
	return dir
}

// A role is rows of the rule book: nothing else knows its name.
func TestRoleIsAddedByTablesAlone(t *testing.T) {
	book := bookWithBilling(t)
	if code, said := rig.Command("policy", "check", book); code != 0 {
		t.Fatalf("policy check: %d, %s", code, said)
	}
	w := rig.New(t, func(c *config.Config) { c.Policies = book })
	nurse := w.As("nurse")
	patients := []string{nurse.Items("/api/patients")[0].ID, w.As("doctor").Items("/api/patients")[0].ID, w.As("doctor2").Items("/api/patients")[0].ID}

	bill := signUpAsBilling(w)
	before := w.Metric(`wardgate_decisions_total{outcome="deny"}`)
	for _, id := range patients {
		bill.Get("/api/patients/" + id + "/bills").Is(200)
		bill.Get("/api/patients/"+id).Denied(403, "role_forbidden")
		bill.Get("/api/patients/"+id+"/services").Denied(403, "role_forbidden")
	}
	bill.Get("/api/patients").Denied(403, "role_forbidden")
	nurse.Get("/api/patients/"+patients[0]+"/bills").Denied(403, "role_forbidden")
	// What does not exist looks like what is not the own.
	bill.Get("/api/patients/p-none/bills").Denied(403, "not_your_patient")
	if after := w.Metric(`wardgate_decisions_total{outcome="deny"}`); after == before {
		t.Errorf("denials are not counted: %s", after)
	}
	countsBilling(t, w)
}

// signUpAsBilling signs somebody up, has the security officer approve the
// account, and logs in.
func signUpAsBilling(w *rig.World) *rig.Person {
	const email = "bill@hospital.test"
	stranger := w.Anonymous()
	stranger.Post("/auth/signup", map[string]string{
		"username": "bill", "email": email, "password": lampOnTheStair, "role": "billing",
	}).Is(202)
	stranger.Post("/auth/signup/verify", map[string]string{"email": email, "code": w.NewestCode(email)}).Is(204)
	security := w.As("security")
	account := security.User("bill").ID
	approve := "/api/admin/users/" + account + "/approve"
	security.Post(approve, map[string]string{"staff_id": "s-bill"}).Denied(401, "step_up_required")
	security = security.SteppedUp()
	security.Post(approve, map[string]string{}).Denied(400, "staff_unfit")
	w.Execute("records.db", `INSERT INTO staff SELECT 's-bill', 'Bill Fictitio', 'billing', id FROM departments LIMIT 1`)
	security.Post(approve, map[string]string{"staff_id": "s-bill"}).Is(204)
	return w.LogInAs(email, lampOnTheStair)
}

// countsBilling: the evidence bears the role, as the search engine gets it.
func countsBilling(t *testing.T, w *rig.World) {
	t.Helper()
	events := rig.Events(t, w.Data, func(e *pip.Event) bool { return e.Role == "billing" && e.Kind == pip.KindDecision })
	if len(events) < 4 {
		t.Fatalf("%d decisions are journalled with the role", len(events))
	}
	if !slices.ContainsFunc(events, func(e pip.Event) bool { return e.Allow && e.Right == "Billing and Finance" && e.Reach == "all" }) {
		t.Error("no reading of bills is journalled with its right and reach")
	}
	document, err := ecs.Document("test", &reader.Record{Event: events[0]})
	if err != nil || !bytes.Contains(document, []byte(`"roles":["billing"]`)) {
		t.Errorf("got %s, %v", document, err)
	}
}

// The delivered auditor has an account, and no right over patients or accounts.
func TestAuditorChangesNothing(t *testing.T) {
	w := rig.New(t, nil)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(lampOnTheStair+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	add := func(name, role string) (int, string) {
		return rig.Command("user", "add", name, "--email", name+"@hospital.test", "--role", role, "--password-file", password, "--data", w.Data)
	}
	if code, said := add("audra", "auditor"); code != 0 {
		t.Fatalf("user add: %d, %s", code, said)
	}
	if code, said := add("ivo", "auditer"); code == 0 || !strings.Contains(said, "auditor, doctor, machine, nurse, patient, security") {
		t.Errorf("a role that does not exist: %d, %s", code, said)
	}
	audra := w.LogInAs("audra@hospital.test", lampOnTheStair)
	audra.Get("/api/me").Is(200)
	audra.Get("/api/patients").Denied(403, "role_forbidden")
	audra.Get("/api/admin/users").Denied(403, "role_forbidden")
}

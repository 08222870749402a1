package stories_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// evidencePaths are all that the console serves.
var evidencePaths = []string{"/api/audit/journal", "/api/audit/verify", "/api/audit/policy", "/api/audit/policy/0123456789abcdef", "/api/audit/reports"}

type recordPage struct {
	Items []pip.Event
	Next  *uint64
}

// newAuditor is an account that the operator adds, logged in.
func newAuditor(w *rig.World) *rig.Person {
	w.T.Helper()
	password := filepath.Join(w.T.TempDir(), "password")
	if err := os.WriteFile(password, []byte(lampOnTheStair+"\n"), 0o600); err != nil {
		w.T.Fatal(err)
	}
	const email = "audra@hospital.test"
	if code, said := rig.Command("user", "add", "audra", "--email", email, "--role", "auditor", "--password-file", password, "--data", w.Data); code != 0 {
		w.T.Fatalf("user add: %d, %s", code, said)
	}
	return w.LogInAs(email, lampOnTheStair)
}

// An auditor reads who read what, that nothing is missing, and under which rules.
func TestAuditorReadsTheEvidence(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	patient := doctor.Items("/api/patients")[0].ID
	doctor.Get("/api/patients/" + patient).Is(http.StatusOK)

	audra := newAuditor(w)
	for _, path := range evidencePaths {
		audra.Get(path).Denied(http.StatusUnauthorized, "step_up_required")
	}
	audra = audra.SteppedUp()
	findsTheReading(t, audra, doctor.Me().ID, patient)

	var proof struct {
		Whole  bool
		Report struct {
			Records  uint64
			Findings []any
			Head     struct{ Seq uint64 }
		}
	}
	audra.Get("/api/audit/verify").Is(http.StatusOK).Into(&proof)
	if !proof.Whole || len(proof.Report.Findings) > 0 || proof.Report.Head.Seq == 0 || proof.Report.Records < proof.Report.Head.Seq {
		t.Errorf("got %+v", proof)
	}
	readsTheRules(t, w, audra)

	var report struct {
		Events int
		Items  []struct {
			Action, Role, Outcome string
			Count                 int
		}
	}
	audra.Get("/api/audit/reports").Is(http.StatusOK).Into(&report)
	if !slices.ContainsFunc(report.Items, func(r struct {
		Action, Role, Outcome string
		Count                 int
	},
	) bool {
		return r.Action == "patient.read" && r.Role == "doctor" && r.Outcome == "success" && r.Count > 0
	}) || report.Events == 0 {
		t.Errorf("got %+v", report)
	}

	// What an auditor reads is evidence too.
	own := rig.Events(t, w.Data, func(e *pip.Event) bool {
		return e.Kind == pip.KindDecision && e.Allow && e.Role == "auditor" && e.Right == "Read journal" && e.Action == "audit.read"
	})
	if len(own) != 3 {
		t.Errorf("%d of the auditor's own readings are journalled", len(own))
	}
}

// findsTheReading: the doctor's, by the patient, and page by page.
func findsTheReading(t *testing.T, audra *rig.Person, doctor, patient string) {
	t.Helper()
	var found recordPage
	audra.Get("/api/audit/journal?kind=decision&action=patient.read&outcome=success&rule=role/role&patient=" + patient).Is(http.StatusOK).Into(&found)
	if len(found.Items) != 1 || found.Items[0].Subject != doctor || !found.Items[0].Allow || found.Next != nil {
		t.Fatalf("got %+v", found)
	}
	var both recordPage
	audra.Get("/api/audit/journal?limit=1&decision=" + found.Items[0].Decision).Is(http.StatusOK).Into(&both)
	if len(both.Items) != 1 || both.Next == nil || both.Items[0].Kind != pip.KindDecision {
		t.Fatalf("got %+v", both)
	}
	after, _ := json.Marshal(both.Next)
	audra.Get("/api/audit/journal?limit=1&decision=" + found.Items[0].Decision + "&after=" + string(after)).Is(http.StatusOK).Into(&both)
	if len(both.Items) != 1 || both.Next != nil || both.Items[0].Kind != pip.KindOutcome || !slices.Contains(both.Items[0].Patients, patient) {
		t.Errorf("got %+v", both)
	}
}

// readsTheRules: those in force, and the table of rights among them.
func readsTheRules(t *testing.T, w *rig.World, audra *rig.Person) {
	t.Helper()
	var list struct {
		Revision string
		Files    []struct{ ID, Path, SHA256 string }
	}
	audra.Get("/api/audit/policy").Is(http.StatusOK).Into(&list)
	if _, ready := w.Ready(); list.Revision == "" || list.Revision != ready.Policy.Revision {
		t.Errorf("revision %q is listed, %q in force", list.Revision, ready.Policy.Revision)
	}
	for _, f := range list.Files {
		if f.Path != "authz/tables/rights.rego" {
			continue
		}
		var shown struct{ Text, SHA256 string }
		audra.Get("/api/audit/policy/" + f.ID).Is(http.StatusOK).Into(&shown)
		if shown.SHA256 != f.SHA256 || !strings.Contains(shown.Text, `"Read rule book": {`) {
			t.Errorf("got %+v", shown)
		}
		return
	}
	t.Errorf("the table of rights is not among %d files", len(list.Files))
}

// A doctor reads none of the evidence, an officer all of it; an auditor reads no
// record and changes nothing.
func TestEvidenceIsForThoseWhoAudit(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor").SteppedUp()
	patient := doctor.Items("/api/patients")[0].ID
	for _, path := range evidencePaths {
		doctor.Get(path).Denied(http.StatusForbidden, "role_forbidden")
		w.Anonymous().Get(path).Is(http.StatusUnauthorized)
	}
	officer := w.As("security").SteppedUp()
	for _, path := range evidencePaths {
		want := http.StatusOK
		if strings.HasSuffix(path, "0123456789abcdef") {
			want = http.StatusNotFound
		}
		officer.Get(path).Is(want)
	}
	officer.Get("/api/audit/journal?limit=501").Is(http.StatusBadRequest)

	audra := newAuditor(w).SteppedUp()
	audra.Get("/api/patients/"+patient).Denied(http.StatusForbidden, "role_forbidden")
	audra.Get("/api/patients/"+patient+"/services").Denied(http.StatusForbidden, "role_forbidden")
	audra.Get("/api/admin/users").Denied(http.StatusForbidden, "role_forbidden")
	audra.Remove("/api/audit/journal").Denied(http.StatusNotFound, "route_unknown")
	audra.Remove("/api/patients/"+patient).Denied(http.StatusForbidden, "role_forbidden")
	audra.Get("/api/audit/journal").Is(http.StatusUnauthorized) // what was tried has ended the session
}

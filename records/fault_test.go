package records_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/records"
	"github.com/wardgate/wardgate/records/crypt"
	"github.com/wardgate/wardgate/records/demo"
	"github.com/wardgate/wardgate/records/store"
)

// failures are how a database fails, named as what stands behind them.
var failures = map[string]error{
	"a server that cannot write":     &mysql.MySQLError{Number: 1290, Message: "read only"},
	"a server that says odd things":  &mysql.MySQLError{Number: 9999, Message: "odd"},
	"a connection that breaks":       io.ErrUnexpectedEOF,
	"an answer that never comes":     fmt.Errorf("read: %w", context.DeadlineExceeded),
	"words that no program foresees": fmt.Errorf("the database is not as it was"),
}

// Whatever statement fails, and however, of whatever is asked: the answer is 503, for
// no reason but that the database is not available, and nothing has changed.
func TestEveryStatementOfEveryRouteMayFail(t *testing.T) {
	faults := &sqldbtest.Faults{}
	w := faultyWorld(t, faults)
	patient := w.house.Patient.ID
	planned := func() string {
		v := w.doctor().do(http.MethodPost, "/api/patients/"+patient+"/services", `{"medication_name":"Fictivol"}`).ok(http.StatusCreated)
		return "/api/services/" + v["id"].(string)
	}
	officer := w.as("security", all())
	for name, request := range map[string]func() (caller, string, string, string){
		"list": func() (caller, string, string, string) { return w.doctor(), "GET", "/api/patients", "" },
		"read": func() (caller, string, string, string) { return w.doctor(), "GET", "/api/patients/" + patient, "" },
		"services": func() (caller, string, string, string) {
			return w.doctor(), "GET", "/api/patients/" + patient + "/services", ""
		},
		"bills": func() (caller, string, string, string) {
			return w.patient(), "GET", "/api/patients/" + patient + "/bills", ""
		},
		"add": func() (caller, string, string, string) {
			return w.doctor(), "POST", "/api/patients", `{"name":"Nova Inventedson"}`
		},
		"plan": func() (caller, string, string, string) {
			return w.doctor(), "POST", "/api/patients/" + patient + "/services", `{"medication_name":"Fictivol"}`
		},
		"change": func() (caller, string, string, string) {
			return w.doctor(), "PUT", planned(), `{"treatment_details":"rest"}`
		},
		"finish": func() (caller, string, string, string) { return w.nurse(), "POST", planned() + "/done", "" },
		"cancel": func() (caller, string, string, string) { return w.doctor(), "DELETE", planned(), "" },
		"delete": func() (caller, string, string, string) {
			officer.do("POST", "/api/admin/patients/"+patient+"/restore", "") // 403 where it is there
			return w.doctor(), "DELETE", "/api/patients/" + patient, ""
		},
		"restore": func() (caller, string, string, string) {
			w.doctor().do("DELETE", "/api/patients/"+patient, "") // 403 where it is deleted already
			return officer, "POST", "/api/admin/patients/" + patient + "/restore", ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			for kind, fault := range failures {
				n := failEach(t, w, faults, request, kind, fault)
				if n == 0 {
					t.Errorf("%s: the database was not asked", kind)
				}
			}
			officer.do("POST", "/api/admin/patients/"+patient+"/restore", "")
		})
	}
}

// failEach fails one question after the other, until none is left to fail.
func failEach(t *testing.T, w *world, faults *sqldbtest.Faults, request func() (caller, string, string, string), kind string, fault error) int {
	t.Helper()
	who, method, path, body := request()
	for n := 1; ; n++ {
		faults.Fail(n, fault)
		got := who.do(method, path, body)
		failed, asked := faults.Failed(), faults.Asked()
		faults.Fail(0, nil)
		if !failed {
			if got.Code >= http.StatusBadRequest {
				t.Fatalf("%s: without a failure got %d %s", kind, got.Code, got.Body)
			}
			return n - 1
		}
		if got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), `"reasons":["unavailable"]`) || got.Header().Get("Retry-After") == "" {
			t.Errorf("%s at %q: got %d %s, want 503 unavailable", kind, asked[len(asked)-1], got.Code, got.Body)
		}
	}
}

func faultyWorld(t *testing.T, faults *sqldbtest.Faults) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, house: trimmed(demo.Hospital(1), patients), file: filepath.Join(dir, "records.db")}
	cipher, err := crypt.Open(dir)
	w.must(err)
	w.store, err = store.New(t.Context(), sqldbtest.OpenFaulty(t, w.file, faults), cipher)
	w.must(err)
	w.must(w.store.Fill(t.Context(), w.house.Dataset))
	w.key, err = assertion.NewKey([]byte(strings.Repeat("k", 32)))
	w.must(err)
	w.http = records.New(w.store, w.key, slog.New(slog.DiscardHandler))
	return w
}

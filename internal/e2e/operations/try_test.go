package operations_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// What is said of an account's requests is what becomes of them in the running house, and
// saying it leaves no trace.
func TestTryingSaysWhatHappensAndLeavesNoTrace(t *testing.T) {
	w := rig.New(t, nil)
	doctor, other := w.As("doctor"), w.As("doctor2")
	own, theirs := doctor.Items("/api/patients")[0].ID, other.Items("/api/patients")[0].ID
	nurse := w.As("nurse")
	live := map[string]int{}
	for _, path := range []string{"/api/patients/" + own, "/api/patients/" + theirs, "/api/patients/" + own + "/bills", "/api/me", "/api/nothing"} {
		live["doctor "+path] = doctor.Get(path).Status
		live["nurse "+path] = nurse.Get(path).Status
	}
	banned, owing := w.As("security").User("doctor2").ID, w.As("security").User("security").ID
	w.Execute("sessions.db", fmt.Sprintf(`INSERT INTO admin_bans (account, reason, banned_by, created_at, banned_until)
		VALUES ('%[1]s', 'test', 'test', 0, %[3]d), ('%[2]s', 'test', 'test', 0, %[3]d)`,
		banned, pip.OwesStepUp(owing), time.Now().Add(time.Hour).UnixMicro()))
	w.Stop()
	before := contents(t, w.Data)
	for line, status := range live {
		name, path, _ := strings.Cut(line, " ")
		code, said := rig.Command("try", path, "--as", "account:"+name, "--data", w.Data, "--output", "json")
		var got struct {
			Decision bool
			Status   int
			Account  string
			Taken    []string
		}
		if err := json.Unmarshal([]byte(said), &got); err != nil || got.Account == "" || len(got.Taken) < 2 {
			t.Fatalf("%s: %v, %s", line, err, said)
		}
		if allowed := status < 300; got.Decision != allowed || code == 0 != allowed || !allowed && got.Status != status {
			t.Errorf("%s: got %s\nwant what the house answered, %d", line, said, status)
		}
	}
	for args, want := range map[string]string{
		"account:doctor2": "subject_banned",
		"doctor":          "expected role:doctor or account:doctor",
		"doctor3":         "no account has the user name or id",
	} {
		if _, said := rig.Command("try", "/api/patients/"+theirs, "--as", args, "--data", w.Data); !strings.Contains(said, want) {
			t.Errorf("--as %s: %q is not in:\n%s", args, want, said)
		}
	}
	if _, said := rig.Command("try", "/api/me", "--as", "account:security", "--data", w.Data); !strings.Contains(said, "step_up_required") {
		t.Errorf("who owes a fresh factor: got %s", said)
	}
	for name, was := range before {
		if now, err := os.ReadFile(filepath.Join(w.Data, name)); err != nil || string(now) != was {
			t.Errorf("%s was changed: %v", name, err)
		}
	}
	for name := range contents(t, w.Data) {
		if _, there := before[name]; !there {
			t.Errorf("%s was made", name)
		}
	}
}

// contents are the files of a data folder, but for those in which SQLite keeps its readers.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, "-wal") {
			return err
		}
		raw, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

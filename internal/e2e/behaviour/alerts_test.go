package behaviour_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// soc is who gets alerts by mail.
const soc = "soc@demo.hospital.test"

// An alert is what the hospital's tools make of one: whom it is about, and
// what was done.
type alert struct {
	Verdict, Do, Subject, Address string
}

// alertTools receive alerts as docs/signals.md tells a hospital to: whoever
// did not sign is not heard, nor is an old timestamp.
type alertTools struct {
	*httptest.Server
	secretFile string

	mu      sync.Mutex
	got     []alert
	refused []string
}

func newAlertTools(t *testing.T) *alertTools {
	t.Helper()
	const secret = "the-secret-of-the-tools"
	a := &alertTools{secretFile: filepath.Join(t.TempDir(), "webhook.secret")}
	if err := os.WriteFile(a.secretFile, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one, err := receive(r, secret)
		a.mu.Lock()
		defer a.mu.Unlock()
		if err != nil {
			a.refused = append(a.refused, err.Error())
			w.WriteHeader(http.StatusForbidden)
			return
		}
		a.got = append(a.got, one)
	}))
	t.Cleanup(a.Close)
	return a
}

func receive(r *http.Request, secret string) (alert, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return alert{}, err
	}
	timestamp := r.Header.Get("Wardgate-Timestamp")
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(timestamp + "." + string(body)))
	signature, found := strings.CutPrefix(r.Header.Get("Wardgate-Signature"), "v1=")
	claimed, err := hex.DecodeString(signature)
	if !found || err != nil || !hmac.Equal(claimed, mac.Sum(nil)) {
		return alert{}, fmt.Errorf("the signature does not hold")
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return alert{}, fmt.Errorf("the timestamp %q is old", timestamp)
	}
	var said struct {
		alert
		ID, Revision string
		Until        time.Time
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return alert{}, err
	}
	if said.ID == "" || said.ID != r.Header.Get("Wardgate-Alert") || said.Revision == "" || said.Until.IsZero() {
		return alert{}, fmt.Errorf("it lacks what an alert has: %s", body)
	}
	return said.alert, nil
}

// gets waits until the tools were told of it, once.
func (a *alertTools) gets(t testing.TB, want alert) {
	t.Helper()
	rig.Until(t, fmt.Sprintf("the tools are told of %+v", want), func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return slices.Contains(a.got, want)
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.refused) > 0 {
		t.Errorf("the tools refused alerts: %v", a.refused)
	}
}

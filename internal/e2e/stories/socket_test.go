package stories_test

import (
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// opens opens a WebSocket of the laboratory in a person's session.
func opens(t *testing.T, p *rig.Person, report string) *websocket.Conn {
	t.Helper()
	at := strings.Replace(p.World.Process.Address(), "http", "ws", 1) + "/lab/reports/" + report
	c, err := websocket.NewConfig(at, p.World.Process.Address())
	if err != nil {
		t.Fatal(err)
	}
	c.Header.Set("Authorization", "Bearer "+p.Token)
	c.Header.Set("User-Agent", rig.Browser)
	var s *websocket.Conn
	rig.Until(t, "the WebSocket to open", func() bool {
		s, err = c.DialContext(t.Context())
		return err == nil // a decision that came too late is 503
	})
	t.Cleanup(func() { _ = s.Close() })
	_ = s.SetDeadline(time.Now().Add(time.Minute))
	if !answers(s, "ready") {
		t.Fatal("it carries nothing")
	}
	return s
}

// answers reports whether a message comes back.
func answers(s *websocket.Conn, text string) bool {
	var got string
	return websocket.Message.Send(s, text) == nil && websocket.Message.Receive(s, &got) == nil && got == text
}

// ends reports whether a WebSocket ends by itself.
func ends(s *websocket.Conn) bool {
	var got string
	err := websocket.Message.Receive(s, &got)
	return err != nil && !strings.Contains(fmt.Sprint(err), "timeout")
}

// A monitor shows what comes, for as long as its person may see it: a log-out, and a rule
// book that says otherwise, end it, and nothing else does.
func TestAMonitorRunsForAsLongAsItMay(t *testing.T) {
	lab := httptest.NewServer(websocket.Server{Handler: func(s *websocket.Conn) { _, _ = io.Copy(s, s) }})
	t.Cleanup(lab.Close)
	book := rig.BookWithLaboratory(t)
	w := rig.New(t, func(c *config.Config) {
		c.Policies, c.Applications = book, rig.At("lab", lab.URL)
		c.Applications[0].Upgrades = []string{"websocket"}
		here, err := url.Parse(lab.URL) // the application goes by where pages come from
		if err != nil {
			t.Fatal(err)
		}
		c.Applications[0].Headers.Request.Set = map[string]string{"Origin": "http://" + here.Host}
	})
	doctor, other := w.As("doctor"), w.As("doctor2")
	one, two := opens(t, doctor, "r-1"), opens(t, other, "r-2")
	doctor.Post("/auth/logout", nil).Is(204)
	if !ends(one) {
		t.Error("after the log-out it goes on")
	}
	if !answers(two, "still here") {
		t.Fatal("another person's ended with it")
	}
	rig.EditFile(t, filepath.Join(book, "authz/tables/rights.rego"), `"Laboratory": {"doctor": "any", `, `"Laboratory": {`)
	if !ends(two) {
		t.Error("a rule book that says otherwise lets it go on")
	}
	for _, want := range []string{"101  ", "0 cut_off session_revoked", "0 cut_off role_forbidden"} {
		rig.Until(t, "the journal to have "+want, func() bool {
			return len(rig.Events(t, w.Data, func(e *pip.Event) bool {
				return e.Kind == pip.KindOutcome && e.Action == "lab.read" && fmt.Sprintf("%d %s %s", e.Status, e.Detail, strings.Join(e.Reasons, ",")) == want
			})) > 0
		})
	}
}

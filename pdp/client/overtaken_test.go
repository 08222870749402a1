package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

// Tables that were asked for out of turn are newer than those that a request
// brings which was under way all the time. The older ones change nothing.
func TestOlderTablesDoNotOverwriteNewerOnes(t *testing.T) {
	release, held := make(chan struct{}), make(chan struct{}, 1)
	after := make(chan string, 64) // what is known in requests after the held one
	routes := func(w http.ResponseWriter, revision string) {
		w.Header().Set("ETag", `"`+revision+`"`)
		_ = json.NewEncoder(w).Encode(&pdp.Tables{Revision: revision, Routes: []pdp.Route{}})
	}
	released := func() bool {
		select {
		case <-release:
			return true
		default:
			return false
		}
	}
	w := pointed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known, waits := r.Header.Get("If-None-Match"), r.URL.Query().Get(pdp.QueryWait) != "0"
		switch {
		case r.URL.Path == pdp.PathDecide:
			var ask pdp.Ask
			_ = json.NewDecoder(r.Body).Decode(&ask)
			_ = json.NewEncoder(w).Encode(pdp.Answer{ID: ask.ID, Changed: true})
		case r.URL.Path != pdp.PathTables:
			w.WriteHeader(http.StatusServiceUnavailable)
		case known == "":
			routes(w, "r1")
		case !waits:
			routes(w, "r3")
		case !released():
			held <- struct{}{}
			<-release
			routes(w, "r2")
		default:
			select {
			case after <- known:
			default:
			}
			time.Sleep(10 * time.Millisecond)
			w.WriteHeader(http.StatusNotModified)
		}
	}))
	w.run()
	<-held
	until(t, "newer routes", func() bool {
		_, err := w.client.Decide(context.Background(), pdp.Request{Context: pdp.Context{Route: "r1"}})
		return errors.Is(err, pdp.ErrRevisionChanged) && w.client.Tables().Revision == "r3"
	})
	close(release)
	if known := <-after; known != `"r3"` || w.client.Tables().Revision != "r3" {
		t.Errorf("got %s known and %s in force, want r3", known, w.client.Tables().Revision)
	}
}

package e2e_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
)

// A house is a Wardgate whose roles run apart, as on machines of their own.
type house struct {
	t     testing.TB
	dir   string
	logs  *lockedBuffer
	certs string
	parts map[string]*running // by the name of the process
}

// running is one process of a house.
type running struct {
	app  *process.Process
	data string
	stop func()
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), logs: &lockedBuffer{}, parts: map[string]*running{}}
	h.certs = filepath.Join(h.dir, "certs")
	if code, said := wardgate("certs", "--out", h.certs); code != 0 {
		t.Fatal(said)
	}
	return h
}

// config is what every process of the house shares.
func (h *house) config(name string, roles ...string) config.Config {
	h.t.Helper()
	c := anyPort(filepath.Join(h.dir, name))
	c.Certificates.Folder = h.certs
	c.Assertion.KeyFile = filepath.Join(h.certs, "assertion.key")
	c.Stores.Records.File = filepath.Join(h.dir, "records", "records.db")
	c.Journal.Chain = name
	var err error
	if c.Roles, err = config.ParseRoles(roles); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// start runs a process until it is stopped, or the test ends.
func (h *house) start(name string, c config.Config) *running {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	a, err := process.New(ctx, c, slog.New(slog.NewTextHandler(h.logs, nil)).With("process", name))
	if err != nil {
		cancel()
		h.t.Fatalf("%s: %v", name, err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	r := &running{app: a, data: c.Data, stop: sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Errorf("stop %s: %v", name, err)
		}
	})}
	h.t.Cleanup(r.stop)
	h.parts[name] = r
	return r
}

func (h *house) startRecords() { h.startRecordsOn(nil) }

func (h *house) startRecordsOn(change func(*config.Config)) {
	c := h.config("records", "records")
	c.Records.Listen = "127.0.0.1:0"
	if change != nil {
		change(&c)
	}
	h.start("records", c)
}

func (h *house) startInference() {
	c := h.config("inference", "inference")
	c.Inference.Listen = "127.0.0.1:0"
	h.start("inference", c)
}

// startPDP runs one of the decision points, which share keys and databases.
func (h *house) startPDP(name string, change func(*config.Config)) *running {
	h.t.Helper()
	c := h.config(name, "pdp")
	c.PDP.ListenInternal = "127.0.0.1:0"
	c.Keys.Folder = filepath.Join(h.dir, "keys")
	c.Stores.Identity.File = filepath.Join(h.dir, "identity.db")
	c.Stores.Sessions.File = filepath.Join(h.dir, "sessions.db")
	if change != nil {
		change(&c)
	}
	return h.start(name, c)
}

// startPEP runs an enforcement point that asks the named decision point.
func (h *house) startPEP(name, pdp string, change func(*config.Config)) *running {
	h.t.Helper()
	c := h.config(name, "pep")
	c.PDP.URL = h.parts[pdp].app.Inside("pdp")
	c.Records.URL = h.parts["records"].app.Inside("records")
	c.Inference.URL = h.parts["inference"].app.Inside("inference")
	if change != nil {
		change(&c)
	}
	r := h.start(name, c)
	until(h.t, name+" is ready", func() bool { status, _ := h.at(name, pdp).ready(); return status == 200 })
	return r
}

// startAll runs the four processes.
func (h *house) startAll() {
	h.t.Helper()
	h.startRecords()
	h.startInference()
	h.startPDP("pdp", nil)
	h.startPEP("pep", "pdp", nil)
}

// at is the house seen through one enforcement point. Mails are where the
// decision point writes them.
func (h *house) at(pep, pdp string) *world {
	return &world{t: h.t, app: h.parts[pep].app, data: h.parts[pdp].data, logs: h.logs}
}

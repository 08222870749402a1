package rig

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/mtls"
	"github.com/wardgate/wardgate/internal/process"
)

// StartMany runs two decision points on one database, and three enforcement
// points that ask them.
func (h *Split) StartMany() []*World {
	h.t.Helper()
	h.StartRecords()
	h.StartInference()
	h.StartPDP("pdp1", nil)
	h.StartPDP("pdp2", nil)
	var doors []*World
	for pep, pdp := range map[string]string{"pep1": "pdp1", "pep2": "pdp2", "pep3": "pdp1"} {
		h.StartPEP(pep, pdp, nil)
		doors = append(doors, h.At(pep, pdp))
	}
	return doors
}

// KeyFiles are the files of the signing keys that decision points share.
func (h *Split) KeyFiles() []string {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.Dir, "keys", "tokens", "*.pem"))
	if err != nil {
		h.t.Fatal(err)
	}
	return files
}

// Presented is a certificate in a folder, presented whatever is wrong with it.
func Presented(t *testing.T, dir, name string) *tls.Config {
	t.Helper()
	p, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{p}, InsecureSkipVerify: true}
}

// Expired is a folder with a certificate of the house's own authority whose
// time is over.
func (h *Split) Expired(name string) string {
	h.t.Helper()
	authority, err := mtls.Open(h.Certs)
	if err != nil {
		h.t.Fatal(err)
	}
	dir := h.t.TempDir()
	if _, err := authority.Write(dir, name, nil, -time.Minute); err != nil {
		h.t.Fatal(err)
	}
	return dir
}

func MustRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A house is a Wardgate whose roles run apart, as on machines of their own.
type Split struct {
	t     testing.TB
	Dir   string
	logs  *Logs
	Certs string
	Parts map[string]*Running // by the name of the process
	Files map[string]string   // of processes that follow one: its applications
}

// Running is one process of a house.
type Running struct {
	Process *process.Process
	Data    string
	Stop    func()
	again   chan os.Signal
}

func NewSplit(t testing.TB) *Split {
	t.Helper()
	h := &Split{t: t, Dir: t.TempDir(), logs: &Logs{}, Parts: map[string]*Running{}}
	h.Certs = filepath.Join(h.Dir, "certs")
	if code, said := Command("certs", "--out", h.Certs); code != 0 {
		t.Fatal(said)
	}
	return h
}

// Config is what every process of the house shares.
func (h *Split) Config(name string, roles ...string) config.Config {
	h.t.Helper()
	c := Config(filepath.Join(h.Dir, name))
	c.Certificates.Folder = h.Certs
	c.Assertion.KeyFile = filepath.Join(h.Certs, "assertion.key")
	c.Stores.Records.File = filepath.Join(h.Dir, "records", "records.db")
	c.Journal.Chain = name
	var err error
	if c.Roles, err = config.ParseRoles(roles); err != nil {
		h.t.Fatal(err)
	}
	return c
}

// Start runs a process until it is stopped, or the test ends.
func (h *Split) Start(name string, c config.Config) *Running {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var source *config.Source
	if file := h.Files[name]; file != "" {
		var err error
		if source, c, err = config.Open(file, nil, func(read *config.Config) { *read = *c.With(read.Applications) }); err != nil {
			cancel()
			h.t.Fatalf("%s: %v", name, err)
		}
	}
	a, err := process.New(ctx, c, slog.New(slog.NewTextHandler(h.logs, nil)).With("process", name))
	if err != nil {
		cancel()
		h.t.Fatalf("%s: %v", name, err)
	}
	again := make(chan os.Signal)
	if source != nil {
		a.Follow(source, again)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	r := &Running{Process: a, Data: c.Data, again: again, Stop: sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Errorf("stop %s: %v", name, err)
		}
	})}
	h.t.Cleanup(r.Stop)
	h.Parts[name] = r
	return r
}

func (h *Split) StartRecords() { h.StartRecordsOn(nil) }

func (h *Split) StartRecordsOn(change func(*config.Config)) {
	c := h.Config("records", "records")
	c.Records.Listen = "127.0.0.1:0"
	if change != nil {
		change(&c)
	}
	h.Start("records", c)
}

func (h *Split) StartInference() {
	c := h.Config("inference", "inference")
	c.Inference.Listen = "127.0.0.1:0"
	h.Start("inference", c)
}

// StartPDP runs one of the decision points, which share keys and databases.
func (h *Split) StartPDP(name string, change func(*config.Config)) *Running {
	h.t.Helper()
	c := h.Config(name, "pdp")
	c.PDP.ListenInternal = "127.0.0.1:0"
	c.Keys.Folder = filepath.Join(h.Dir, "keys")
	c.Stores.Identity.File = filepath.Join(h.Dir, "identity.db")
	c.Stores.Sessions.File = filepath.Join(h.Dir, "sessions.db")
	if change != nil {
		change(&c)
	}
	return h.Start(name, c)
}

// StartPEP runs an enforcement point that asks the named decision point.
func (h *Split) StartPEP(name, pdp string, change func(*config.Config)) *Running {
	h.t.Helper()
	c := h.Config(name, "pep")
	c.PDP.URL = h.Parts[pdp].Process.Inside("pdp")
	c.Records.URL = h.Parts["records"].Process.Inside("records")
	c.Inference.URL = h.Parts["inference"].Process.Inside("inference")
	if change != nil {
		change(&c)
	}
	r := h.Start(name, c)
	Until(h.t, name+" is ready", func() bool { status, _ := h.At(name, pdp).Ready(); return status == 200 })
	return r
}

// StartAll runs the four processes.
func (h *Split) StartAll() {
	h.t.Helper()
	h.StartRecords()
	h.StartInference()
	h.StartPDP("pdp", nil)
	h.StartPEP("pep", "pdp", nil)
}

// At is the house seen through one enforcement point. Mails are where the
// decision point writes them.
func (h *Split) At(pep, pdp string) *World {
	return &World{T: h.t, Process: h.Parts[pep].Process, Data: h.Parts[pdp].Data, Logs: h.logs, Again: h.Parts[pep].again}
}

package realserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// An ElasticsearchServer is the Elasticsearch that all tests of a binary share.
// Each takes indices of its own. The distribution that is fetched for tests has
// few modules: among what it lacks is the page at "/", so that a client which
// asks there for the version gets 405; X-Elastic-Product is sent all the same.
type ElasticsearchServer struct {
	URL string

	t       testing.TB
	private *elasticsearch
}

// elasticsearch is the one private server.
type elasticsearch struct {
	home    string
	java    string
	room    *room
	address string
	as      *syscall.Credential // nil for the user of this process

	mu sync.Mutex
	p  *process
}

// sharedElasticsearch is made once for a test binary: it takes long to start.
var sharedElasticsearch = sync.OnceValues(newElasticsearch)

// A lack is why there is no Elasticsearch.
type lack string

func (l lack) Error() string { return string(l) }

// Elasticsearch starts the shared server, or uses WARDGATE_TEST_ELASTICSEARCH.
func Elasticsearch(t testing.TB) *ElasticsearchServer {
	t.Helper()
	if url := os.Getenv("WARDGATE_TEST_ELASTICSEARCH"); url != "" {
		return &ElasticsearchServer{t: t, URL: strings.TrimSuffix(url, "/")}
	}
	private, err := sharedElasticsearch()
	var l lack
	if errors.As(err, &l) {
		notRun(t, "no Elasticsearch: %s, and WARDGATE_TEST_ELASTICSEARCH is not set", l)
	}
	if err != nil {
		t.Fatal(err)
	}
	e := &ElasticsearchServer{t: t, URL: "http://" + private.address, private: private}
	e.Start()
	t.Cleanup(e.Start) // a test that stopped it leaves it to the others as it found it
	return e
}

// Stop ends the server. What was indexed is still there after Start.
func (e *ElasticsearchServer) Stop() {
	e.t.Helper()
	if e.private == nil {
		notRun(e.t, "no Elasticsearch that may be stopped: WARDGATE_TEST_ELASTICSEARCH names somebody's own")
	}
	e.private.mu.Lock()
	defer e.private.mu.Unlock()
	if err := e.private.p.stop(); err != nil {
		e.t.Fatal(err)
	}
}

// Start starts the server again, at the same address. It does nothing to one
// that runs, or that is not a private one.
func (e *ElasticsearchServer) Start() {
	e.t.Helper()
	if e.private == nil {
		return
	}
	if err := e.private.start(); err != nil {
		e.t.Fatal(err)
	}
}

func newElasticsearch() (*elasticsearch, error) {
	home, err := elasticsearchHome()
	if err != nil {
		return nil, err
	}
	e := &elasticsearch{home: home}
	if e.java, err = javaHome(); err != nil {
		return nil, err
	}
	if e.address, err = freeAddress(); err != nil {
		return nil, err
	}
	inner, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if e.room, err = newRoom("elasticsearch"); err != nil {
		return nil, err
	}
	settings := strings.Join([]string{
		"discovery.type: single-node",
		"xpack.security.enabled: false",
		"http.host: 127.0.0.1", "http.port: " + port(e.address),
		"transport.host: 127.0.0.1", "transport.port: " + port(inner),
		"path.data: " + e.room.path("data"), "path.logs: " + e.room.path("logs"),
		"cluster.routing.allocation.disk.threshold_enabled: false",
	}, "\n") + "\n"
	if hasGeoIP(home) {
		settings += "ingest.geoip.downloader.enabled: false\n" // a test's server makes no calls
	}
	config := e.room.path("config")
	if err := os.CopyFS(config, os.DirFS(filepath.Join(home, "config"))); err != nil {
		return nil, fmt.Errorf("elasticsearch's configuration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(config, "elasticsearch.yml"), []byte(settings), 0o600); err != nil {
		return nil, fmt.Errorf("elasticsearch's configuration: %w", err)
	}
	// It may not write below its configuration, so that its temporary folder
	// must not hold that.
	if err := os.Mkdir(e.room.path("tmp"), 0o700); err != nil {
		return nil, fmt.Errorf("elasticsearch's folder: %w", err)
	}
	return e, e.giveAway()
}

// hasGeoIP reports whether the distribution knows the setting of that module:
// an unknown setting keeps it from starting.
func hasGeoIP(home string) bool {
	_, err := os.Stat(filepath.Join(home, "modules", "ingest-geoip"))
	return err == nil
}

// elasticsearchHome is where it was unpacked by .ci/elasticsearch, or by hand.
func elasticsearchHome() (string, error) {
	home := os.Getenv("WARDGATE_TEST_ELASTICSEARCH_HOME")
	if home == "" {
		for _, dir := range caches() {
			found, err := filepath.Glob(filepath.Join(dir, "elasticsearch-*"))
			if err == nil && len(found) > 0 {
				home = found[len(found)-1]
			}
		}
	}
	if home == "" {
		return "", lack("it was not fetched by .ci/elasticsearch")
	}
	if _, err := os.Stat(filepath.Join(home, "bin", "elasticsearch")); err != nil {
		return "", lack("there is none in " + home)
	}
	return home, nil
}

// javaHome follows the program java to where it is installed.
func javaHome() (string, error) {
	for _, name := range []string{"ES_JAVA_HOME", "JAVA_HOME"} {
		if home := os.Getenv(name); home != "" {
			return home, nil
		}
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return "", lack("java is not installed")
	}
	if java, err = filepath.EvalSymlinks(java); err != nil {
		return "", lack("java is not installed")
	}
	return filepath.Dir(filepath.Dir(java)), nil
}

// giveAway hands the folder to the user "nobody" when this process is root: Elasticsearch
// refuses to run as root.
func (e *elasticsearch) giveAway() error {
	if os.Geteuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return lack("it refuses to run as root, and there is no user nobody")
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return fmt.Errorf("user nobody: %w", err)
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return fmt.Errorf("user nobody: %w", err)
	}
	e.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return filepath.WalkDir(e.room.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(uid), int(gid))
	})
}

func (e *elasticsearch) start() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.p.running() {
		return nil
	}
	cmd := exec.Command(filepath.Join(e.home, "bin", "elasticsearch"))
	cmd.Dir = e.room.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + e.room.dir, "ES_JAVA_HOME=" + e.java, "ES_TMPDIR=" + e.room.path("tmp"),
		"ES_PATH_CONF=" + e.room.path("config"), "ES_JAVA_OPTS=-Xms512m -Xmx512m",
	}
	var err error
	// Its launcher passes a polite end on to the server, but not a kill.
	if e.p, err = launch("elasticsearch", cmd, e.room.path("log"), syscall.SIGTERM, e.as); err != nil {
		return err
	}
	return e.p.await(e.healthy)
}

func (e *elasticsearch) healthy(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.address+"/_cluster/health", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New("it answers " + res.Status)
	}
	return nil
}

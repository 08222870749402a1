//go:build integration

package realserver_test

import (
	"database/sql"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/realserver"
)

func TestRedisStopsAndStarts(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *realserver.RedisServer{
		"plain": realserver.Redis, "secure": realserver.SecureRedis,
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t)
			r.Stop()
			if reaches(r.Address) {
				t.Error("a stopped server accepts connections")
			}
			r.Start()
			if !reaches(r.Address) {
				t.Error("a started server accepts no connections")
			}
		})
	}
}

func TestMariaDBKeepsWhatWasCommitted(t *testing.T) {
	m := realserver.MariaDB(t)
	name := m.Database()
	m.Execute("CREATE TABLE "+name+".x (id VARCHAR(8) PRIMARY KEY)", "INSERT INTO "+name+".x VALUES ('a'), ('A')")
	m.Stop()
	if reaches(m.Address) {
		t.Error("a stopped server accepts connections")
	}
	m.Start()
	db, err := sql.Open("mysql", m.DSN(name))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow("SELECT COUNT(*) FROM x").Scan(&n); err != nil || n != 2 {
		t.Errorf("got %d rows, %v, want 2", n, err)
	}
}

func TestElasticsearchKeepsWhatWasIndexed(t *testing.T) {
	e := realserver.Elasticsearch(t)
	call(t, http.MethodPost, e.URL+"/kept/_doc?refresh=true", `{"a":1}`)
	e.Stop()
	http.DefaultClient.CloseIdleConnections() // to the server that has gone
	e.Start()
	call(t, http.MethodGet, e.URL+"/_cluster/health/kept?wait_for_status=yellow&timeout=60s", "") // its shards come back later
	if got := call(t, http.MethodGet, e.URL+"/kept/_count", ""); !strings.Contains(got, `"count":1`) {
		t.Errorf("got %s, want one document", got)
	}
}

func call(t *testing.T, method, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func reaches(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

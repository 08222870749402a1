package realserver

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// RedisRights are all that Wardgate's user of a Redis is allowed, in the words
// of Redis's access control list.
const RedisRights = "resetkeys ~{wardgate}:revocations:* resetchannels &{wardgate}:revocations:ring -@all " +
	"+ping +client|setname +select +multi +exec +exists +del +rename +persist +pexpire +set " +
	"+hgetall +hmget +hset +hlen +zadd +zcard +zrangebyscore +eval +evalsha +publish +subscribe +unsubscribe " +
	"+command +cluster|slots +readonly"

// RedisUser is the name under which Wardgate knocks at servers that know users.
const RedisUser = "wardgate"

// ManyRedis are servers that belong together. All speak TLS alone, and know
// Wardgate as a user with few rights.
type ManyRedis struct {
	Addresses        []string // for the client: of the sentinels, or of the cluster's nodes
	Master           string   // the primary's name among sentinels; "" for a cluster
	Password         string   // of RedisUser
	SentinelPassword string   // of the sentinels' own default user
	CAFile           string

	AdminPassword string // of the servers' default user

	t     testing.TB
	cert  certificate
	nodes []*RedisServer
	buses map[*RedisServer]string // the ports through which nodes of a cluster speak
}

// joining is how long servers may take to find each other.
const joining = time.Minute

// SentinelRedis starts a primary, a replica and three sentinels. A primary that
// does not answer for four seconds is given up.
func SentinelRedis(t testing.TB) *ManyRedis {
	t.Helper()
	m := newManyRedis(t)
	m.Master, m.SentinelPassword = "wardgate", rand.Text()
	primary := m.start()
	replica := m.start("replicaof 127.0.0.1 "+port(primary.Address), "tls-replication yes", "masterauth "+m.AdminPassword)
	m.eventually("the replica follows", func() error { return replica.says("INFO replication", "master_link_status:up") })
	for range 3 {
		s := m.sentinel(primary)
		m.Addresses = append(m.Addresses, s.Address)
	}
	for _, s := range m.nodes[2:] {
		m.eventually("the sentinels know each other", func() error {
			return errors.Join(s.says("SENTINEL MASTER "+m.Master, "num-other-sentinels\n2"), s.says("SENTINEL MASTER "+m.Master, "num-slaves\n1"))
		})
	}
	return m
}

// ClusterRedis starts three primaries, and a replica of the one that holds
// Wardgate's keys. A primary that does not answer for four seconds is given up.
func ClusterRedis(t testing.TB) *ManyRedis {
	t.Helper()
	m := newManyRedis(t)
	const clustered, slots, primaries = "cluster-enabled yes", 16384, 3
	for range primaries + 1 {
		bus, err := freeAddress()
		if err != nil {
			t.Fatal(err)
		}
		n := m.start(clustered, "cluster-port "+port(bus), "cluster-node-timeout 4000", "tls-cluster yes", "tls-replication yes", "masterauth "+m.AdminPassword, "cluster-replica-validity-factor 0")
		m.Addresses, m.buses[n] = append(m.Addresses, n.Address), port(bus)
	}
	holder := -1
	slot, err := m.nodes[0].ask("CLUSTER KEYSLOT {wardgate}")
	if err != nil {
		t.Fatal(err)
	}
	held, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(slot), ":"))
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range m.nodes[:primaries] {
		from, to := i*slots/primaries, (i+1)*slots/primaries-1
		if from <= held && held <= to {
			holder = i
		}
		m.must(n, fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", from, to))
		m.must(n, fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", i+1))
	}
	// The holder comes first, as the primary of other arrangements does.
	m.nodes[0], m.nodes[holder] = m.nodes[holder], m.nodes[0]
	for _, n := range m.nodes[1:] {
		m.must(m.nodes[0], "CLUSTER MEET 127.0.0.1 "+port(n.Address)+" "+m.buses[n])
	}
	id, err := m.nodes[0].ask("CLUSTER MYID")
	if err != nil {
		t.Fatal(err)
	}
	replica := m.nodes[primaries]
	m.eventually("the nodes know each other", func() error { return replica.says("CLUSTER INFO", "cluster_known_nodes:4") })
	m.eventually("the replica takes its place", func() error {
		return replica.says("CLUSTER REPLICATE "+strings.TrimSpace(id), "OK")
	})
	m.eventually("the replica follows", func() error { return replica.says("INFO replication", "master_link_status:up") })
	for _, n := range m.nodes {
		m.eventually("the cluster is whole", func() error { return n.says("CLUSTER INFO", "cluster_state:ok") })
	}
	return m
}

func newManyRedis(t testing.TB) *ManyRedis {
	t.Helper()
	shared, err := newRoom("redis-many")
	if err != nil {
		t.Fatal(err)
	}
	m := &ManyRedis{t: t, Password: rand.Text(), AdminPassword: rand.Text(), buses: map[*RedisServer]string{}}
	if m.cert, err = newCertificate(shared.dir); err != nil {
		t.Fatal(err)
	}
	m.CAFile = m.cert.cert
	t.Cleanup(func() { _ = shared.held.Close() })
	return m
}

// start starts one more server, with these lines of configuration.
func (m *ManyRedis) start(lines ...string) *RedisServer {
	m.t.Helper()
	r := newRedis(m.t)
	return m.launch(r, r.args[1:], append(lines,
		"user default on >"+m.AdminPassword+" ~* &* +@all",
		"user "+RedisUser+" on >"+m.Password+" "+RedisRights))
}

func (m *ManyRedis) sentinel(primary *RedisServer) *RedisServer {
	m.t.Helper()
	r := newRedis(m.t)
	r.sentinel = true
	name := m.Master
	return m.launch(r, []string{"--sentinel"}, []string{
		"bind 127.0.0.1", "dir " + r.room.dir, "daemonize no", "tls-replication yes",
		"user default on >" + m.SentinelPassword + " ~* &* +@all", "sentinel sentinel-pass " + m.SentinelPassword,
		fmt.Sprintf("sentinel monitor %s 127.0.0.1 %s 2", name, port(primary.Address)),
		"sentinel auth-pass " + name + " " + m.AdminPassword,
		"sentinel down-after-milliseconds " + name + " 4000", "sentinel failover-timeout " + name + " 10000",
	})
}

func (m *ManyRedis) launch(r *RedisServer, args, lines []string) *RedisServer {
	m.t.Helper()
	r.Password, r.CAFile = m.AdminPassword, m.CAFile
	if r.sentinel {
		r.Password = m.SentinelPassword
	}
	lines = append([]string{
		"port 0", "tls-port " + port(r.Address), "tls-cert-file " + m.cert.cert, "tls-key-file " + m.cert.key,
		"tls-ca-cert-file " + m.cert.cert, "tls-auth-clients no",
	}, lines...)
	conf := r.room.path("redis.conf")
	if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		m.t.Fatal(err)
	}
	r.args = append([]string{r.args[0], conf}, args...)
	r.Start()
	m.nodes = append(m.nodes, r)
	return r
}

// KillPrimary ends the primary at once, as a power cut does.
func (m *ManyRedis) KillPrimary() {
	m.t.Helper()
	if err := m.nodes[0].p.cmd.Process.Kill(); err != nil {
		m.t.Fatal(err)
	}
	<-m.nodes[0].p.done
}

// Promoted waits until the replica is the primary.
func (m *ManyRedis) Promoted() {
	m.t.Helper()
	replica := m.nodes[1]
	if m.Master == "" {
		replica = m.nodes[len(m.nodes)-1]
	}
	m.eventually("the replica is promoted", func() error { return replica.says("INFO replication", "role:master") })
}

// Denied are the commands that servers refused Wardgate's user for want of a
// right.
func (m *ManyRedis) Denied() string {
	m.t.Helper()
	var all strings.Builder
	for _, n := range m.nodes {
		if n.sentinel || !n.p.running() {
			continue
		}
		said, err := n.ask("ACL LOG")
		if err != nil {
			m.t.Fatal(err)
		}
		if strings.TrimSpace(said) != "*0" {
			all.WriteString(said)
		}
	}
	return all.String()
}

func (m *ManyRedis) must(n *RedisServer, command string) {
	m.t.Helper()
	if err := n.says(command, "OK"); err != nil {
		m.t.Fatal(err)
	}
}

func (m *ManyRedis) eventually(what string, is func() error) {
	m.t.Helper()
	err := is()
	for begun := time.Now(); err != nil; err = is() {
		if time.Since(begun) > joining {
			m.t.Fatalf("waited in vain until %s: %v", what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// says sends one command and looks for a text in the answer.
func (r *RedisServer) says(command, text string) error {
	said, err := r.ask(command)
	if err == nil && !strings.Contains(said, text) {
		err = fmt.Errorf("%s: got %.200q", command, said)
	}
	return err
}

// ask sends one command, in words, and returns what is answered without the
// lengths that the protocol puts before texts.
func (r *RedisServer) ask(command string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := r.dial(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\n%s\r\nPING\r\n", r.Password, command); err != nil {
		return "", err
	}
	return untilPong(conn)
}

// untilPong reads up to the answer to a PING, which ends every question.
func untilPong(conn net.Conn) (string, error) {
	var said strings.Builder
	lines := bufio.NewReader(conn)
	for first := true; ; first = false {
		line, err := lines.ReadString('\n')
		if err != nil {
			return "", fmt.Errorf("%w after %.200q", err, said.String())
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "+PONG":
			return said.String(), nil
		case first && line != "+OK":
			return "", errors.New("it answers " + line)
		case first, strings.HasPrefix(line, "$"):
		default:
			said.WriteString(line + "\n")
		}
	}
}

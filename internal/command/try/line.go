package try

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pep/session"
)

// A line is a request line as the enforcement point reads it.
type line struct {
	method, host, path string
	query              string               // as it is sent
	upstreams          []config.Application // that are configured
	configured         bool                 // there is a configuration that says which
	demo               bool                 // the data folder is a demo's

	hosted  string // the application at whose own host is asked
	origin  string // at which a browser has its session for this; "" for none
	found   route.Match
	matched bool
	routed  bool // rows were looked at
	near    []Near
	comes   bool   // sessions by cookie come to the application here
	unread  bool   // a cookie is not read at this host
	flaw    string // code of a refusal before any rule is asked
}

// line reads the request line and finds its row.
func (c *Command) line(server *config.Config, book *analysis.Book) (*line, error) {
	l := &line{method: http.MethodGet, upstreams: server.Applications, configured: c.Config != "", demo: server.Demo}
	address := c.Request[len(c.Request)-1]
	if len(c.Request) == 2 {
		l.method = c.Request[0]
	}
	host, target, err := apart(address)
	if err != nil {
		return nil, err
	}
	var origins *session.Origins
	if l.configured {
		if origins, err = server.Origins(); err != nil {
			return nil, err
		}
	}
	if host == "" && origins != nil {
		host = origins.Home().Host
	}
	l.host = host
	var hosts func(string) bool
	if (l.configured || l.demo) && host != "" {
		hosts = process.Hosts(server)
	}
	l.read(target, origins, hosts)
	if origins != nil {
		at, _ := origins.At(host)
		l.hosted = origins.Application(at)
	}
	return l, l.lead(book, origins, c.By == "cookie" && c.As != "")
}

var errAddress = errors.New("expected a path that begins with /, or an address such as https://imaging.hospital.example/studies")

// apart takes an address apart into the host and the target that are sent, byte by byte.
func apart(address string) (host, target string, err error) {
	if strings.HasPrefix(address, "/") {
		return "", address, nil
	}
	scheme, rest, found := strings.Cut(address, "://")
	if scheme = strings.ToLower(scheme); !found || scheme != "http" && scheme != "https" {
		return "", "", errAddress
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if host, target = rest[:end], rest[end:]; host == "" {
		return "", "", errAddress
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return host, target, nil
}

// read is the enforcement point's own reading of host and target.
func (l *line) read(target string, origins *session.Origins, hosts func(string) bool) {
	r := &http.Request{Method: l.method, Host: l.host, RequestURI: target, Header: http.Header{}, ProtoMajor: 1, ProtoMinor: 1}
	var t request.Target
	t, l.flaw = pep.ReadLine(r, origins, hosts)
	l.query = t.Query
	if l.path = t.Path; l.flaw != "" {
		l.path, _, _ = strings.Cut(target, "?")
	}
}

// lead finds the row to which the line leads.
func (l *line) lead(book *analysis.Book, origins *session.Origins, cookie bool) error {
	house := book.House()
	var hosted []string
	if origins != nil {
		hosted = origins.Applications()
	}
	var table *route.Table
	var err error
	if l.configured {
		table, err = route.New(house, hosted...)
	} else { // which applications have hosts is not known
		table, err = route.Recorded(house)
	}
	if err != nil || l.flaw != "" {
		return err
	}
	l.found = table.LookUp(l.hosted, l.method, l.path, l.query)
	l.flaw, l.routed = l.found.Flaw, true
	if l.matched = l.found.Route != nil; !l.matched {
		l.near = nearest(house.Routes, table, l, hosted)
		return nil
	}
	at, browsed := originAt(origins, l.host)
	if l.comes = session.Comes(l.hosted, l.application()); l.comes {
		l.origin = at
	}
	l.unread = cookie && l.configured && !browsed
	if cookie && !l.unread && !l.comes {
		l.flaw = code.CookieMisplaced
	}
	return nil
}

func originAt(origins *session.Origins, host string) (string, bool) {
	if origins == nil {
		return "", false
	}
	at, ok := origins.At(host)
	return at.String(), ok
}

// application is the name of the application to which the line leads; "" for none.
// streams reports whether a body of the row goes on as it arrives, and is not judged.
func (l *line) streams() bool { return l.matched && l.found.Route.Body == pdp.BodyStream }

func (l *line) application() string {
	if !l.matched {
		return ""
	}
	return l.found.Route.Application
}

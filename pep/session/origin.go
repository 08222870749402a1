package session

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
)

// An Origin is scheme and host (RFC 6454) as browsers write them: in lower case, the
// port only where it is not the scheme's own.
type Origin struct{ Scheme, Host string }

// String is the origin as it stands in the header Origin; "" for the zero one.
func (o Origin) String() string {
	if o.Host == "" {
		return ""
	}
	return o.Scheme + "://" + o.Host
}

// bound is what a cookie of the origin is bound to.
func (o Origin) bound() []byte { return []byte(Name(o.Scheme) + "\x00" + o.Host) }

// boundKept is what the cookie with what was typed there is bound to.
func (o Origin) boundKept() []byte { return append([]byte("kept\x00"), o.bound()...) }

// boundApplication is what the cookie of a name is bound to that holds a text of an
// application there.
func (o Origin) boundApplication(application, name string) []byte {
	return append([]byte("application\x00"+application+"\x00"+name+"\x00"), o.bound()...)
}

// OriginOf is the origin of a request that came by a scheme with a Host header.
func OriginOf(scheme, host string) Origin {
	return Origin{Scheme: scheme, Host: strings.TrimSuffix(strings.ToLower(host), defaultPort(scheme))}
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return ":443"
	}
	return ":80"
}

// ParseOrigin reads an origin, "https://portal.hospital.example". Whatever else than
// scheme, host and port stands there is an error: where a browser is led is compared
// with it.
func ParseOrigin(text string) (Origin, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Origin{}, fmt.Errorf("%q is no origin", text)
	}
	o := Origin{Scheme: u.Scheme, Host: u.Host}
	if u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || text != o.String() || o != OriginOf(o.Scheme, o.Host) ||
		strings.HasSuffix(u.Host, ":") || strings.ContainsAny(u.Host, "%\\") || len(u.Host) > maxHost {
		return Origin{}, fmt.Errorf("%q is no origin: expected scheme and host as a browser writes them (small letters, no path, a port only where it is not the scheme's own), as in https://portal.hospital.example", text)
	}
	return o, nil
}

const maxHost = 255 // bytes

// Origins are where browsers have sessions: the home, at which they log in, and the
// origins of applications that have hosts of their own.
type Origins struct {
	home   Origin
	byHost map[string]Origin
	names  map[string]string // name of a host, without a port -> application; "" for Wardgate's own
}

// A Hosted is an origin at which browsers have sessions: an application's own, or with
// "" one of Wardgate's own services.
type Hosted struct{ Application, Origin string }

// NewOrigins reports all faults together: what is no origin, and every host that two
// have. Two ports of one host are one host: cookies know no ports.
func NewOrigins(home string, applications ...Hosted) (*Origins, error) {
	o := &Origins{byHost: map[string]Origin{}, names: map[string]string{}}
	var faults []error
	add := func(text, application string) Origin {
		one, err := ParseOrigin(text)
		name := nameOf(one.Host)
		if whose, taken := o.names[name]; err == nil && taken {
			err = fmt.Errorf("the host %s is %s: each application, and the home, needs one of its own", name, whoseIs(whose, application))
		}
		if err != nil {
			faults = append(faults, err)
			return Origin{}
		}
		o.byHost[one.Host], o.names[name] = one, application
		return one
	}
	o.home = add(home, "")
	for _, one := range applications {
		add(one.Origin, one.Application)
	}
	return o, errors.Join(faults...)
}

func whoseIs(taken, by string) string {
	switch taken {
	case "":
		return "Wardgate's own"
	case by:
		return "named twice"
	default:
		return taken + "'s"
	}
}

// nameOf is the name of a host as it is compared: in lower case, without a port, without
// brackets, and without the dot of the root at its end.
func nameOf(host string) string {
	name := host
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 && !strings.HasSuffix(host, "]") {
		name = host[:colon]
	}
	return strings.TrimRight(strings.ToLower(name), ".")
}

// Home is the origin of the own pages.
func (o *Origins) Home() Origin { return o.home }

// Application is the name of the application whose own origin this is; "" for any other.
func (o *Origins) Application(at Origin) string {
	if o.byHost[at.Host] != at {
		return ""
	}
	return o.names[nameOf(at.Host)]
}

// Applications are those that have origins of their own, sorted.
func (o *Origins) Applications() []string {
	var names []string
	for _, name := range o.names {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Misdirected reports whether a Host header has the name of an application's host in
// another form than its origin: with another port, or with a dot at its end. What is
// asked there would be no origin's, and is not to be taken for the home's.
func (o *Origins) Misdirected(host string) bool {
	if o.names[nameOf(host)] == "" {
		return false
	}
	_, exact := o.At(host)
	return !exact
}

// Comes reports whether sessions by cookie come to an application where the host is that of
// hosted, "" for none's. They come to Wardgate's own everywhere, and to one of others at its
// own host alone: elsewhere its scripts would share their origin with the session, and it
// takes tokens.
func Comes(hosted, application string) bool {
	return hosted == application || slices.Contains(pdp.OwnApplications, application)
}

// At is the origin of a Host header, as far as browsers have sessions there. What
// it was asked by decides nothing: a program in front may have ended TLS.
func (o *Origins) At(host string) (Origin, bool) {
	if at, ok := o.byHost[host]; ok { // as browsers write it
		return at, true
	}
	host = strings.ToLower(host)
	for _, scheme := range []string{"https", "http"} {
		if at, ok := o.byHost[strings.TrimSuffix(host, defaultPort(scheme))]; ok && (at.Scheme == scheme || at.Host == host) {
			return at, true
		}
	}
	return Origin{}, false
}

// Site says where a request to an origin was begun, by what a browser says of it and
// no page can change: Origin (RFC 6454), or without it Fetch Metadata. Two values,
// "null", and what contradicts itself are foreign.
func Site(at Origin, h http.Header) string {
	origins, sites := h["Origin"], h["Sec-Fetch-Site"]
	metadata := pdp.SiteUnknown
	switch {
	case len(sites) > 1:
		return pdp.SiteForeign
	case len(sites) == 1 && sites[0] == "same-origin":
		metadata = pdp.SiteOwn
	case len(sites) == 1 && sites[0] != "none": // "none": by the person, at the address bar
		return pdp.SiteForeign
	}
	switch {
	case len(origins) == 0:
		return metadata
	case len(origins) > 1 || at.Host == "" || origins[0] != at.String():
		return pdp.SiteForeign
	case len(sites) == 1 && metadata != pdp.SiteOwn:
		return pdp.SiteForeign
	default:
		return pdp.SiteOwn
	}
}

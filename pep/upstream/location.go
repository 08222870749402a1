package upstream

import (
	"net/http"
	"net/url"
	"strings"
)

// Redirect has a redirection that names the application by the address at which the enforcement
// point reaches it name it where the client does: the host stands for itself. One to
// anywhere else stays as it is.
func Redirect(answer http.Header, at *url.URL) {
	values := answer["Location"]
	if len(values) != 1 {
		return
	}
	to, err := url.Parse(values[0])
	if err != nil || to.Host == "" || to.User != nil || !sameHost(to, at) {
		return
	}
	path := to.EscapedPath()
	switch {
	case path == "":
		path = "/"
	case strings.HasPrefix(path, "//"):
		path = "/." + path // what begins with two would be a host
	}
	if to.RawQuery != "" || to.ForceQuery {
		path += "?" + to.RawQuery
	}
	if to.Fragment != "" {
		path += "#" + to.EscapedFragment()
	}
	answer["Location"] = []string{path}
}

// sameHost compares hosts with their ports; an application may not know over which scheme it
// is reached.
func sameHost(a, b *url.URL) bool {
	return (a.Scheme == "" || a.Scheme == "http" || a.Scheme == "https") && strings.EqualFold(bare(a), bare(b))
}

// bare is a host without the port of its scheme.
func bare(u *url.URL) string {
	own := ":80"
	if u.Scheme == "https" {
		own = ":443"
	}
	return strings.TrimSuffix(u.Host, own)
}

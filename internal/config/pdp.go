package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// A PDP says how the decision point is reached. Listen is for enforcement
// points of others: it tells them from each other, and what each is believed
// about is in the rule book.
type PDP struct {
	Listen         string `koanf:"listen"`
	ListenInternal string `koanf:"listen_internal"` // with mutual TLS, for enforcement points of this house elsewhere; "" for none
	URL            string `koanf:"url"`             // where the policy decision point runs, when elsewhere

	Certificate  string   `koanf:"certificate"` // of the listener; "" is plain HTTP on loopback
	Key          string   `koanf:"key"`
	ClientCAFile string   `koanf:"client_ca_file"` // whose client certificates prove a caller; "" for none
	Callers      []string `koanf:"callers"`        // NAME=FILE, a bearer token each, beside the data folder's own
	PublicURL    string   `koanf:"public_url"`     // where callers reach the listener; "" for its address
}

// DefaultCaller presents the token that is made in the data folder.
const DefaultCaller = "default"

var callerName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

func (c *PDP) check(fault func(format string, args ...any)) {
	if (c.Certificate == "") != (c.Key == "") {
		fault("pdp.certificate, pdp.key: one is set without the other")
	}
	if c.ClientCAFile != "" && c.Certificate == "" {
		fault("pdp.client_ca_file: client certificates need TLS: set pdp.certificate and pdp.key")
	}
	if _, err := c.Files(); err != nil {
		fault("%w", err)
	}
	if c.PublicURL == "" {
		return
	}
	u, err := url.Parse(c.PublicURL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		fault("pdp.public_url: expected an address without a path, such as https://pdp.hospital.example")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopbackName(u.Hostname())):
		fault("pdp.public_url: plain HTTP is for loopback alone; use https")
	}
}

// Files are the files of the callers' tokens, by name.
func (c *PDP) Files() (map[string]string, error) {
	files := map[string]string{}
	var faults []error
	for _, entry := range c.Callers {
		name, file, _ := strings.Cut(entry, "=")
		switch {
		case !callerName.MatchString(name) || file == "":
			faults = append(faults, errors.New("pdp.callers: expected NAME=FILE, such as lab=/etc/wardgate/lab.token; a name is of small letters, digits, and . _ -"))
		case name == DefaultCaller || files[name] != "":
			faults = append(faults, fmt.Errorf("pdp.callers: the name %q is taken", name))
		default:
			files[name] = file
		}
	}
	return files, errors.Join(faults...)
}

package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wardgate/wardgate/pep/upstream"
)

// ownApplications are the names that Wardgate's own services have in routes.
var ownApplications = []string{"admin", "console", "demo", "inference", "keys", "records", "signals"}

// anApplication is an entry of pep.applications: NAME=URL and words after it.
const anApplication = "lab=https://lab.hospital.example:8443 audience=https://lab.hospital.example claims=role+department"

// An Application is one of the hospital's own: where the enforcement point
// reaches it, and what it is told.
type Application struct {
	Name        string             // as routes have it
	URL         *url.URL           // nil for one that only other proxies forward to
	Identity    *upstream.Identity // nil for one that learns nothing of who asks
	AnswerLimit int64              // bytes of an answer that is masked; 0 for the default

	AnswerHeaders []string // that reach clients beside the usual ones
}

const (
	leastAnswer = 1 << 10
	mostAnswer  = 256 << 20
)

// Applications reads the hospital's own applications, and reports all faulty
// entries. Plain HTTP is for loopback alone.
func (c *Config) Applications() ([]Application, error) {
	var list []Application
	var faults []error
	taken := slices.Clone(ownApplications)
	read := func(key string, entries []string, address bool) {
		for _, entry := range entries {
			one, err := parseApplication(entry, address)
			switch {
			case err != nil:
				faults = append(faults, fmt.Errorf("%s: %w", key, err))
				continue
			case slices.Contains(taken, one.Name):
				faults = append(faults, fmt.Errorf("%s: the name %q is taken", key, one.Name))
				continue
			}
			taken, list = append(taken, one.Name), append(list, one)
		}
	}
	read("pep.applications", c.PEP.Applications, true)
	read("extauth.applications", c.ExtAuth.Applications, false)
	if c.PEP.AssertionIssuer == "" {
		faults = append(faults, errors.New("pep.assertion_issuer: expected a text that applications know the enforcement point by"))
	}
	return list, errors.Join(faults...)
}

// parseApplication reads one entry. What it says of an address may hold a
// password, which no error repeats.
func parseApplication(entry string, address bool) (Application, error) {
	words := strings.Fields(entry)
	if len(words) == 0 {
		return Application{}, errors.New("expected the name of an application, as routes have it")
	}
	name, at, _ := strings.Cut(words[0], "=")
	one := Application{Name: name}
	if address {
		u, err := url.Parse(at)
		switch {
		case name == "" || err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "":
			return one, errors.New("expected name=https://host:port, the name as routes have it")
		case u.Scheme != "https" && !plainLoopback(u):
			return one, fmt.Errorf("%s: expected https; plain http is for loopback addresses alone", name)
		}
		one.URL = &url.URL{Scheme: u.Scheme, Host: u.Host}
	} else if name == "" || words[0] != name {
		return one, errors.New("expected names of applications, as routes have them")
	}
	said := map[string]bool{}
	for _, word := range words[1:] {
		key, _, _ := strings.Cut(word, "=")
		if said[key] {
			return one, fmt.Errorf("%s: %s is there twice", name, key)
		}
		said[key] = true
		if err := one.option(word); err != nil {
			return one, fmt.Errorf("%s: %w", name, err)
		}
	}
	if one.Identity != nil {
		if err := one.Identity.Check(); err != nil {
			return one, fmt.Errorf("%s: %w", name, err)
		}
	}
	return one, nil
}

// option reads one word behind the name.
func (a *Application) option(word string) error {
	key, value, _ := strings.Cut(word, "=")
	known := []string{"audience", "header", "claims"}
	if a.URL != nil {
		known = append(known, "answer_limit", "answer_headers")
	} else if key == "header" {
		return errors.New("header: the other proxy says in which header the application gets it")
	}
	switch {
	case !slices.Contains(known, key) || value == "":
		return fmt.Errorf("%q: expected some of %s, each with =VALUE", key, strings.Join(known, ", "))
	case key == "answer_limit":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < leastAnswer || n > mostAnswer {
			return fmt.Errorf("answer_limit: expected a number of bytes from %d to %d", leastAnswer, mostAnswer)
		}
		a.AnswerLimit = n
		return nil
	}
	if key == "answer_headers" {
		var err error
		if a.AnswerHeaders, err = upstream.AnswerHeaders(strings.Split(value, "+")); err != nil {
			return fmt.Errorf("answer_headers: %w", err)
		}
		return nil
	}
	if a.Identity == nil {
		a.Identity = &upstream.Identity{}
	}
	switch key {
	case "audience":
		a.Identity.Audience = value
	case "header":
		a.Identity.Header = value
	default:
		a.Identity.Claims = strings.Split(value, "+")
	}
	return nil
}

func plainLoopback(u *url.URL) bool {
	loopback, err := isLoopback(u.Host)
	return u.Scheme == "http" && err == nil && loopback
}

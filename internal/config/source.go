package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
)

// A Source is where the configuration of a process was read, and is read again while the
// process runs: a file, the environment and the command line. The last two do not change.
type Source struct {
	file    string
	environ []string
	set     func(*Config)
	raw     []byte // what the file held when the process began
	read    Config
}

// Open reads the configuration of a process that is about to start, with what its command
// line sets. Where anything is faulty, it says all that CheckFile would. file may be "".
func Open(file string, environ []string, set func(*Config)) (*Source, Config, error) {
	s := &Source{file: file, environ: environ, set: set}
	r := s.reading(func() (raw []byte, err error) {
		s.raw, err = os.ReadFile(file)
		return s.raw, err
	})
	if len(r.faults) > 0 || r.config.Check() != nil {
		return nil, Config{}, r.check(file, true)
	}
	s.read = r.config
	return s, r.config, nil
}

func (s *Source) reading(load func() ([]byte, error)) *reading {
	r := readFrom(s.file, load, s.environ)
	s.set(&r.config)
	return r
}

// Begun is what the file held when the process began.
func (s *Source) Begun() []byte { return s.raw }

// mostRaw is the largest file that is read again, in bytes.
const mostRaw = 8 << 20

// Look reads the file as it is now, whatever it holds. What is no file, such as a pipe, is
// an error: reading it could wait for ever.
func (s *Source) Look() ([]byte, error) {
	switch info, err := os.Stat(s.file); {
	case err != nil:
		return nil, fmt.Errorf("configuration: %w", err)
	case !info.Mode().IsRegular() || info.Size() > mostRaw:
		return nil, fmt.Errorf("configuration: %s: expected a file, no folder or pipe, of at most %d MiB", s.file, mostRaw>>20)
	}
	raw, err := os.ReadFile(s.file)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return raw, nil
}

// Follows reports whether there is a file that Look can read.
func (s *Source) Follows() bool {
	if s.file == "" {
		return false
	}
	_, err := s.Look()
	return err == nil
}

// ErrEmpty says that a file sets nothing: an editor or a copy is not done with it yet. A
// process that starts with it takes the default of everything.
var ErrEmpty = errors.New("it sets nothing, and is taken for unfinished")

// Again reads what the file holds now as a process would that starts with it, and reports
// all that is faulty as CheckFile does, the files that keys name among it.
func (s *Source) Again(raw []byte) (Config, error) {
	r := s.reading(func() ([]byte, error) { return raw, nil })
	if err := r.check(s.file, true); err != nil {
		return Config{}, err
	}
	if len(r.here) == 0 && len(bytes.TrimSpace(s.raw)) > 0 {
		return Config{}, fmt.Errorf("%s: %w", s.file, ErrEmpty)
	}
	return r.config, nil
}

// Changed are the keys, sorted, that c has otherwise than the configuration with which the
// process began, but for applications.
func (s *Source) Changed(c *Config) (keys []string) {
	was, is := flatOf(&s.read), flatOf(c)
	for key, value := range is {
		if key != applicationsKey && !reflect.DeepEqual(was[key], value) {
			keys = append(keys, key)
		}
	}
	for key := range was {
		if _, still := is[key]; !still && key != applicationsKey {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// flatOf are the values of a configuration by their keys.
func flatOf(c *Config) map[string]any {
	k := koanf.New(".")
	if err := k.Load(structs.Provider(*c, "koanf"), nil); err != nil {
		return map[string]any{"": err.Error()} // it cannot fail: Default was loaded in the same way
	}
	return k.All()
}

// ApplicationsChange says how two lists of applications differ, by their names.
func ApplicationsChange(was, is []Application) (added, changed, removed []string) {
	find := func(list []Application, name string) *Application {
		i := slices.IndexFunc(list, func(a Application) bool { return a.Name == name })
		if i < 0 {
			return nil
		}
		return &list[i]
	}
	for i := range is {
		switch before := find(was, is[i].Name); {
		case before == nil:
			added = append(added, is[i].Name)
		case !reflect.DeepEqual(*before, is[i]):
			changed = append(changed, is[i].Name)
		}
	}
	for i := range was {
		if find(is, was[i].Name) == nil {
			removed = append(removed, was[i].Name)
		}
	}
	return added, changed, removed
}

// With is c with other applications.
func (c *Config) With(applications []Application) *Config {
	next := *c
	next.Applications = slices.Clone(applications)
	return &next
}

// Summary is a change of applications in words, "" for none.
func Summary(added, changed, removed []string) string {
	var parts []string
	for _, one := range []struct {
		what  string
		names []string
	}{{"added", added}, {"changed", changed}, {"removed", removed}} {
		if len(one.names) > 0 {
			parts = append(parts, one.what+" "+strings.Join(one.names, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	node "go.yaml.in/yaml/v3"
)

// envPrefix begins the environment variables that override a file.
const envPrefix = "WARDGATE_"

// Read reads the YAML file (none when file is ""), lets the environment
// override it, and checks the whole. All faults are reported together, those
// of the file with their lines.
func Read(file string, environ []string) (Config, error) {
	r := readWhole(file, environ)
	if err := errors.Join(r.faults...); err != nil {
		return Config{}, err
	}
	return r.config, nil
}

// A reading is a configuration as far as it could be read.
type reading struct {
	config Config
	faults []error        // of form: keys that are unknown or of the wrong kind
	root   node.Node      // of the file
	here   map[string]any // the keys of the file
	over   map[string]any // and of the environment
}

func readWhole(file string, environ []string) *reading {
	return readFrom(file, func() ([]byte, error) { return os.ReadFile(file) }, environ)
}

// readFrom takes what the file holds from load; it is not called when file is "".
func readFrom(file string, load func() ([]byte, error), environ []string) *reading {
	r := &reading{}
	fault := func(err error) {
		if err != nil {
			r.faults = append(r.faults, err)
		}
	}
	k := koanf.New(".")
	if err := k.Load(structs.Provider(Default(), "koanf"), nil); err != nil {
		fault(fmt.Errorf("default configuration: %w", err))
		return r
	}
	known := k.Keys()
	var err error
	if file != "" {
		r.here, err = readFile(file, load, known, &r.root)
		fault(err)
		fault(k.Load(confmap.Provider(r.here, "."), nil))
	}
	r.over, err = readEnvironment(environ, known)
	fault(err)
	fault(k.Load(confmap.Provider(r.over, "."), nil))
	if err := k.Unmarshal("", &r.config); err != nil {
		fault(fmt.Errorf("configuration: %w", err))
	}
	return r
}

// oneDocument reads the only YAML document of a file: what stood in a second
// one would be believed to hold, and does not.
func oneDocument(file string, raw []byte, root *node.Node) error {
	d := node.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(root); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", file, err)
	}
	var second node.Node
	switch err := d.Decode(&second); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", file, err)
	default:
		return fmt.Errorf("%s:%d: a second YAML document begins here; expected one", file, max(1, second.Line))
	}
}

// readFile returns the file's known keys, flat, and an error that names each
// key that is unknown or of the wrong kind with its line.
func readFile(file string, load func() ([]byte, error), known []string, root *node.Node) (map[string]any, error) {
	raw, err := load()
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if err := oneDocument(file, raw, root); err != nil {
		return nil, err
	}
	k := koanf.New(".")
	if err := k.Load(rawbytes.Provider(raw), yaml.Parser()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	values := map[string]any{}
	var faults []error
	for _, key := range k.Keys() {
		line := lineOf(root, strings.Split(key, "."))
		if to, is := moved(key); is {
			faults = append(faults, fmt.Errorf("%s:%d: %s", file, line, to))
			continue
		}
		if !slices.Contains(known, key) {
			faults = append(faults, fmt.Errorf("%s:%d: unknown key %q; known are %s", file, line, key, strings.Join(known, ", ")))
			continue
		}
		v := k.Get(key)
		if !isKind(key, v) {
			faults = append(faults, fmt.Errorf("%s:%d: %s: expected %s", file, line, key, kindOf(key)))
			continue
		}
		if secretInFile(key, v) {
			faults = append(faults, fmt.Errorf("%s:%d: %s: a password does not stand in the configuration; name a file with %s_file, or set %s",
				file, line, key, key, envName(key)))
			continue
		}
		if of, entries := entryLists[key]; entries {
			list, _ := v.([]any)
			of.read(list, func(entry int, err error) {
				at := ""
				if member, is := errors.AsType[*memberFault](err); is {
					at = member.path
				}
				line := lineOfMember(root, key, entry, at)
				faults = append(faults, fmt.Errorf("%s:%d: %s: %w", file, line, key, err))
			})
		}
		values[key] = v
	}
	return values, errors.Join(faults...)
}

// isKind reports whether a value of the file is what its key takes.
func isKind(key string, v any) (is bool) {
	switch {
	case lists(key):
		_, is = v.([]any)
	case kindOf(key) == aNumber:
		_, is = v.(int)
	case kindOf(key) == trueOrFalse:
		_, is = v.(bool)
	default:
		_, is = v.(string)
	}
	return is
}

const (
	aNumber     = "a number"
	trueOrFalse = "true or false"
)

func kindOf(key string) string {
	if of, entries := entryLists[key]; entries {
		return "a list such as [" + of.example + "]"
	}
	switch key {
	case "pep.hosts":
		return "a list of host names"
	case "pep.trusted_proxies", "extauth.proxies":
		return "a list of addresses and networks"
	case "pdp.callers":
		return "a list such as [lab=/etc/wardgate/lab.token]"
	case "stores.cache.addresses":
		return "a list of host:port"
	case "alerts.mail_to":
		return "a list of e-mail addresses"
	case "policy.verification_keys":
		return "a list such as [hospital=/etc/wardgate/policy.pub]"
	case "policy.waiver_keys":
		return "a list such as [officer=/etc/wardgate/officer.pub, head=/etc/wardgate/head.pub]"
	case "policy.require_proof":
		return trueOrFalse
	case "stores.events.elasticsearch.addresses":
		return "a list of addresses"
	case "mail.smtp.port", "stores.cache.database", "limits.connections", "limits.connections_per_address", "limits.decision_milliseconds", "journal.reserve_bytes", "journal.retain_days",
		"policy.long_poll_seconds", "policy.min_delay_seconds", "policy.max_delay_seconds",
		"stores.events.elasticsearch.delete_after_days":
		return aNumber
	default:
		return aText
	}
}

// lists reports whether a key's value is a list.
func lists(key string) bool { return strings.HasPrefix(kindOf(key), "a list") }

// lineOf finds the line of a key in a YAML document, or of an entry of a list
// whose number ends the path; 1 when it cannot.
func lineOf(n *node.Node, path []string) int {
	if n.Kind == node.DocumentNode && len(n.Content) > 0 {
		return lineOf(n.Content[0], path)
	}
	if i, err := strconv.Atoi(path[0]); n.Kind == node.SequenceNode && err == nil && i < len(n.Content) {
		if len(path) > 1 && n.Content[i].Kind == node.MappingNode {
			return lineOf(n.Content[i], path[1:])
		}
		return n.Content[i].Line
	}
	for i := 0; n.Kind == node.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != path[0] {
			continue
		}
		if len(path) == 1 || n.Content[i+1].Kind != node.MappingNode && n.Content[i+1].Kind != node.SequenceNode {
			return n.Content[i].Line
		}
		return lineOf(n.Content[i+1], path[1:])
	}
	return 1
}

// lineOfMember is the line of a member of an entry of a list, or of the entry where the
// member is "".
func lineOfMember(root *node.Node, key string, entry int, member string) int {
	path := append(strings.Split(key, "."), strconv.Itoa(entry))
	if member != "" {
		if line := lineOf(root, append(slices.Clone(path), strings.Split(member, ".")...)); line > 1 {
			return line
		}
	}
	return lineOf(root, path)
}

// envName is the environment variable that overrides a key.
func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// readEnvironment maps WARDGATE_PEP_LISTEN to pep.listen.
func readEnvironment(environ, known []string) (map[string]any, error) {
	byName := map[string]string{}
	for _, key := range known {
		byName[envName(key)] = key
	}
	values := map[string]any{}
	var faults []error
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		key, ok := byName[name]
		to, gone := movedFromEnvironment(name)
		switch {
		case gone:
			faults = append(faults, fmt.Errorf("environment: %s", to))
		case !ok:
			faults = append(faults, fmt.Errorf("environment: %s overrides no known key", name))
		case entryLists[key].read != nil:
			list, err := entriesFromText(key, value)
			values[key] = list
			faults = append(faults, err)
		case lists(key):
			values[key] = splitList(value)
		default:
			values[key] = value
		}
	}
	return values, errors.Join(faults...)
}

// splitList reads a list from the environment; an empty value is an empty list.
func splitList(value string) []string {
	if value == "" {
		return []string{}
	}
	return strings.Split(value, ",")
}

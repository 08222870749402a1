// Package ecs writes journal records as documents of the Elastic Common Schema
// (ECS). The mapping is pure: the same record is the same document for ever,
// under the same id. What ECS has no field for stands under "wardgate". It
// never sends anything, and it leaves the policy's input at home: of that only
// a digest and a few words of state go out.
package ecs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// Version is the ECS version that documents state.
const Version = "8.17.0"

// Dataset is the part of a data stream's name that says what is in it.
const Dataset = "wardgate.audit"

// ID is a record's stable id: its chain, its place, and the beginning of its
// hash. A journal that was rolled back and grew another end gives its new
// records new ids, so that none is taken for one that was shipped before.
func ID(chain string, r *reader.Record) string {
	return fmt.Sprintf("%s-%012d-%.8s", chain, r.Seq, r.Hash)
}

// Document is the record as JSON, on one line without its end.
func Document(chain string, r *reader.Record) ([]byte, error) {
	b, err := json.Marshal(newDocument(chain, r))
	if err != nil {
		return nil, fmt.Errorf("write record %d as ECS: %w", r.Seq, err)
	}
	return b, nil
}

func newDocument(chain string, r *reader.Record) document {
	e := &r.Event
	class := classify(e)
	return document{
		Timestamp:  e.Time.UTC().Format(time.RFC3339Nano),
		ECS:        version{Version},
		DataStream: stream{Type: "logs", Dataset: Dataset, Namespace: "default"},
		Event: event{
			ID: ID(chain, r), Sequence: r.Seq, Kind: class.kind, Category: class.category, Type: class.types,
			Action: e.Action, Outcome: outcome(e.Outcome), Reason: reason(e),
			Created: r.Written.UTC().Format(time.RFC3339Nano), Module: "wardgate", Dataset: Dataset, Hash: r.Hash,
			Start: stamp(e.Since), End: stamp(e.Until),
		},
		Service:   service{Name: "wardgate", Type: "wardgate"},
		Labels:    map[string]string{"chain": chain},
		User:      newUser(e),
		UserAgent: newAgent(e),
		Source:    newSource(e),
		Rule:      newRule(e),
		HTTP:      newHTTP(e),
		URL:       newURL(e),
		Related:   newRelated(e),
		Wardgate:  newExtension(chain, r),
	}
}

// stamp is a time, or "" where there is none.
func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// outcome is one of ECS's three words, or none.
func outcome(word string) string {
	switch word {
	case "success", "failure", "unknown":
		return word
	}
	return ""
}

// reason says why in one text: the codes of a denial, or what the event itself
// has to say.
func reason(e *pip.Event) string {
	if len(e.Reasons) > 0 {
		return strings.Join(e.Reasons, ", ")
	}
	return e.Detail
}

func newUser(e *pip.Event) *user {
	if e.Subject == "" && e.Role == "" {
		return nil
	}
	u := &user{ID: e.Subject}
	if e.Role != "" {
		u.Roles = []string{e.Role}
	}
	return u
}

func newAgent(e *pip.Event) *agent {
	if e.Browser == "" && e.OS == "" {
		return nil
	}
	a := &agent{Name: e.Browser}
	if e.OS != "" {
		a.OS = &system{Name: e.OS}
	}
	return a
}

// newSource leaves out what is no address: one such document would be refused.
func newSource(e *pip.Event) *source {
	s := source{}
	if a, err := netip.ParseAddr(e.Address); err == nil {
		s.IP = a.WithZone("").String()
	}
	if e.Country != "" {
		s.Geo = &geo{Country: e.Country}
	}
	if s == (source{}) {
		return nil
	}
	return &s
}

// newRule names the rules that denied, or those that granted, and the rule book
// that was asked. What is granted by a right bears the right's name.
func newRule(e *pip.Event) *rule {
	r := rule{ID: slices.Concat(e.Reasons, e.Rules), Version: e.Revision}
	if e.Revision == "" && len(r.ID) == 0 {
		return nil
	}
	if e.Revision != "" {
		r.Ruleset = "wardgate"
	}
	names := r.ID
	if e.Right != "" {
		r.Description = e.Right + described(e)
		names = append(slices.Clone(e.Reasons), e.Right)
	}
	for _, name := range names {
		r.Name = append(r.Name, strings.ReplaceAll(name, "_", " "))
	}
	return &r
}

// described names the role and reach of a right: ": doctor, own".
func described(e *pip.Event) string {
	words := strings.Trim(e.Role+", "+e.Reach, ", ")
	if words == "" {
		return ""
	}
	return ": " + words
}

func newHTTP(e *pip.Event) *exchange {
	x := exchange{}
	if e.Method != "" {
		x.Request = &request{Method: e.Method, ID: e.Decision}
		if e.Bytes > 0 {
			x.Request.Body = &passedOn{Bytes: e.Bytes}
		}
	}
	if e.Status != 0 {
		x.Response = &response{Status: e.Status}
	}
	if x == (exchange{}) {
		return nil
	}
	return &x
}

func newURL(e *pip.Event) *location {
	if e.Path == "" {
		return nil
	}
	return &location{Path: e.Path}
}

// accountPrefix begins the detail of what was done to an account.
const accountPrefix = "account "

// target is the account that the event is about, when it is not who acted.
func target(e *pip.Event) string {
	id, ok := strings.CutPrefix(e.Detail, accountPrefix)
	if !ok || e.Kind != pip.KindAccount {
		return ""
	}
	id, _, _ = strings.Cut(id, ":")
	return id
}

func newRelated(e *pip.Event) *related {
	var r related
	for _, id := range []string{e.Subject, target(e)} {
		if id != "" {
			r.User = append(r.User, id)
		}
	}
	if s := newSource(e); s != nil && s.IP != "" {
		r.IP = []string{s.IP}
	}
	if r.User == nil && r.IP == nil {
		return nil
	}
	return &r
}

func newExtension(chain string, r *reader.Record) extension {
	e := &r.Event
	x := extension{
		Chain: chain, Kind: string(e.Kind), Decision: e.Decision, Session: e.Session, Caller: e.Caller, Right: e.Right, Reach: e.Reach, Revision: e.Revision,
		Obligations: e.Obligations, Patients: e.Patients, Detail: e.Detail, Count: e.Count, Codes: keyed(e.Codes), Network: e.Network, Account: target(e),
		Application: e.Application, PathDigest: e.PathDigest, QueryDigest: e.QueryDigest, BodyDigest: e.BodyDigest,
		Ages: keyed(e.Ages), Answered: e.Answered, Shown: e.Shown, Measures: string(e.Measures),
	}
	for _, d := range e.Duties {
		x.Duties = append(x.Duties, string(d))
	}
	if e.Kind == pip.KindDecision || e.Kind == pip.KindSession {
		x.Allow = &e.Allow
	}
	if e.Change != nil {
		x.Change, x.Changed = string(e.Change.What), e.Change.Of
	}
	for name, m := range e.Marks {
		if x.Marks == nil {
			x.Marks = map[string]uint64{}
		}
		x.Marks[fieldName(name)] = m.Sequence
	}
	if len(e.Input) > 0 {
		sum := sha256.Sum256(e.Input)
		x.InputDigest = hex.EncodeToString(sum[:])
		x.read(e.Input)
	}
	return x
}

// keyed makes the names of sources and codes fit to be names of fields.
func keyed[N int | int64](numbers map[string]N) map[string]int64 {
	if len(numbers) == 0 {
		return nil
	}
	out := make(map[string]int64, len(numbers))
	for name, n := range numbers {
		out[fieldName(name)] += int64(n)
	}
	return out
}

func fieldName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
}

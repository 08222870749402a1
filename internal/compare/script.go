package main

import (
	"fmt"
	"net/url"
	"strings"
)

func pick[T any](h *harness, list ...T) T { return list[h.random.IntN(len(list))] }

// chance is true in n of a hundred cases.
func (h *harness) chance(n int) bool { return h.random.IntN(100) < n }

const noSuchID = "019b8d4d-0000-7000-8000-00000000dead"

// aPatient is an id to ask about: mostly one that exists.
func (h *harness) aPatient(w *world, p *person) string {
	if own := w.patients[p.name]; len(own) > 0 && h.chance(50) {
		return pick(h, own...)
	}
	switch {
	case len(w.added) > 0 && h.chance(20):
		return pick(h, w.added...)
	case h.chance(60):
		return pick(h, w.patients[pick(h, "doctor", "doctor2", "nurse", "patient")]...)
	default:
		return pick(h, noSuchID, "x", "0", strings.ToUpper(noSuchID), "a%20b", "..", "%2e%2e", "p;q", "ü", symbol("id doctor"), strings.Repeat("9", 200))
	}
}

func (h *harness) aService(w *world) string {
	if len(w.made) > 0 && h.chance(40) {
		return pick(h, w.made...)
	}
	if h.chance(85) {
		return pick(h, w.services...)
	}
	return pick(h, noSuchID, "x", "%00")
}

func (h *harness) aUser(w *world) string {
	if h.chance(80) {
		return pick(h, w.people...).id()
	}
	return pick(h, noSuchID, "doctor", "x")
}

// A row is a request line, what it may change, and bodies for it.
type row struct {
	method, target string
	changes        string   // the roles that may use it, when it changes something
	bodies         []string // good ones
}

func (h *harness) rows(w *world, p *person) []row {
	patient, service, user := h.aPatient(w, p), h.aService(w), h.aUser(w)
	query := pick(h, "", "", "?limit=3", "?limit=0", "?limit=200", "?limit=x", "?limit=2&limit=3", "?after="+noSuchID, "?after="+patient, "?unknown=1", "?limit=2&after=zz", "?x=%zz", "?")
	name := pick(h, "Nova Inventedson", "Ünal Demofield", "X")
	return []row{
		{"GET", "/api/patients" + query, "", nil},
		{"GET", "/api/patients/" + patient, "", nil},
		{"GET", "/api/patients/" + patient, "", nil},
		{"GET", "/api/patients/" + patient + "/services" + query, "", nil},
		{"GET", "/api/patients/" + patient + "/bills" + query, "", nil},
		{"GET", "/v2/models/" + pick(h, "breast-cancer", "blood-pressure", "none"), "", nil},
		{"GET", "/api/me", "", nil},
		{"GET", "/api/sessions", "", nil},
		{"GET", "/api/admin/users" + query, "", nil},
		{"GET", "/api/admin/bans", "", nil},
		{"GET", "/.well-known/jwks.json", "", nil},
		{"POST", "/api/predict/breast-cancer", "", []string{h.aRow(w, "breast-cancer"), "{}", `{"mean_radius":1}`, `{"mean_radius":"x"}`, `{"mean_radius":1e400}`}},
		{"POST", "/api/predict/blood-pressure", "", []string{h.aRow(w, "blood-pressure"), "{}", "[]"}},
		{"POST", "/v2/models/" + pick(h, "breast-cancer", "blood-pressure", "none") + "/infer", "", []string{h.aTensor(w, "breast-cancer"), h.aTensor(w, "blood-pressure"), `{"inputs":[]}`}},
		{"POST", "/api/patients", "doctor", []string{asJSON("name", name), asJSON("name", name, "sex", "female", "blood_group", "0-", "date_of_birth", "1990-02-03", "allergies", "none known"), asJSON("name", " "), asJSON("nam", name), asJSON("name", name, "sex", "both"), `{"name":7}`, `{"name":"a","name":"b"}`, `{"NAME":"a"}`}},
		{"POST", "/api/patients/" + patient + "/services", "doctor", []string{asJSON("kind", "medication", "medication_name", "amoxicillin 500 mg", "dosage_instructions", "1-0-1"), asJSON("treatment_details", "rest"), "{}", asJSON("kind", "magic", "treatment_details", "x")}},
		{"PUT", "/api/services/" + service, "doctor", []string{asJSON("dosage_instructions", "0-0-1"), `{"version":1,"treatment_details":"more rest"}`, `{"version":99,"treatment_details":"x"}`, "{}", `{"version":0}`}},
		{"POST", "/api/services/" + service + "/done", "nurse", []string{"{}", `{"x":1}`, ""}},
		{"DELETE", "/api/services/" + service, "doctor", nil},
		{"DELETE", "/api/patients/" + pick(h, append(w.added, noSuchID)...), "doctor", nil},
		{"POST", "/api/admin/patients/" + pick(h, append(w.added, noSuchID)...) + "/restore", "security", nil},
		{"POST", "/api/admin/users/" + user + "/approve", "security", []string{"{}", asJSON("staff_id", noSuchID), `{"staff":"x"}`}},
		{"POST", "/api/admin/users/" + noSuchID + "/unban", "security", []string{"{}", ""}},
		{"POST", "/api/admin/users/" + noSuchID + "/revoke", "security", []string{"{}"}},
		{"POST", "/api/admin/users/" + user + "/ban", "security", []string{`{"minutes":0,"reason":"x"}`, `{"minutes":"1","reason":"x"}`, `{"reason":"x"}`, `{"minutes":5,"reason":"a/b"}`}},
		{"POST", "/api/admin/bans/lift", "security", []string{asJSON("address", offSite), asJSON("address", "x"), "{}"}},
		{"DELETE", "/api/sessions/" + pick(h, noSuchID, "x", symbol("id doctor")), "doctor nurse patient security", nil},
		{"HEAD", "/api/patients/" + patient, "", nil},
	}
}

func (h *harness) aRow(w *world, model string) string {
	var b strings.Builder
	for i, name := range w.models[model] {
		fmt.Fprintf(&b, `,%q:%d.%d`, name, h.random.IntN(1+20*(i%3)), h.random.IntN(100))
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

func (h *harness) aTensor(w *world, model string) string {
	n := len(w.models[model])
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("%d.%d", h.random.IntN(20), h.random.IntN(100))
	}
	return fmt.Sprintf(`{"id":"q","inputs":[{"name":"input","datatype":"FP64","shape":[1,%d],"data":[%s]}]}`, n, strings.Join(numbers, ","))
}

// mayChange reports whether a row changes nothing, or is this role's: another
// role's session would end, which has a kind of its own.
func (r row) mayChange(role string) bool {
	return r.changes == "" || strings.Contains(" "+r.changes+" ", " "+role+" ")
}

func (h *harness) aPerson(w *world) *person { return pick(h, w.people...) }

// request makes a request of a row, now and then with a fault.
func (h *harness) request(r row, p *person) *request {
	q := &request{to: pep, from: onSite, method: r.method, target: r.target, what: p.name, after: watch(p)}
	if h.chance(15) {
		q.from = pick(h, offSite, otherSite)
	}
	token := p.token()
	if p.isElevated() && h.chance(60) {
		token = p.higher()
	}
	q.header = p.bearing(token)
	if len(r.bodies) > 0 {
		q.body = pick(h, r.bodies...)
		if h.chance(60) {
			q.body = r.bodies[0]
		}
		q.header = append(q.header, "Content-Type: application/json")
	}
	if h.chance(6) {
		q.header = append(q.header, pick(h, "Accept: text/html", "If-None-Match: \"x\"", "Idempotency-Key: k", "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			"Prefer: return=minimal", "X-Forwarded-For: 8.8.8.8", "X-User: admin", "Wardgate-Assertion: x", "Accept-Language: de", "Range: bytes=0-1", "Origin: https://evil.test", "Cookie: a=b"))
	}
	return q
}

// routed asks for what the table of routes has.
func (h *harness) routed(w *world) error {
	p := h.aPerson(w)
	rows := h.rows(w, p)
	r := pick(h, rows...)
	for !r.mayChange(p.role) {
		r = pick(h, rows...)
	}
	q := h.request(r, p)
	name := fmt.Sprint("made ", h.sent)
	switch {
	case r.method == "POST" && r.target == "/api/patients":
		q.learn = take(name, "id")
		q.after = h.then(q.after, func(a *answer) {
			if a.status == 201 && len(w.added) < 300 {
				w.added = append(w.added, symbol(name))
			}
		})
	case r.method == "POST" && strings.HasSuffix(r.target, "/services"):
		q.learn = take(name, "id")
		q.after = h.then(q.after, func(a *answer) {
			if a.status == 201 && len(w.made) < 300 {
				w.made = append(w.made, symbol(name))
			}
		})
	}
	return h.ask(q)
}

func (h *harness) then(first, second func(*answer)) func(*answer) {
	return func(a *answer) { first(a); second(a) }
}

func (h *harness) read(p *person, target string) *request {
	return &request{to: pep, from: onSite, method: "GET", target: target, what: p.name, header: p.bearing(p.token()), after: watch(p)}
}

// credentials asks with tokens that do not hold.
func (h *harness) credentials(w *world) error {
	p := h.aPerson(w)
	r := pick(h, h.rows(w, p)...)
	q := h.request(row{r.method, r.target, "", r.bodies}, p)
	q.what = "with another token"
	q.after = nil
	other := pick(h, firefox, chrome, "curl/8.0", "", "x")
	switch h.random.IntN(10) {
	case 0, 1, 2:
		q.header = dropHeader(q.header, "Authorization")
	case 3, 4:
		// The own token from another device. The same device would be the own request.
		if other == p.agent {
			other = "curl/8.0"
		}
		q.header = append(dropHeader(q.header, "User-Agent"), "User-Agent: "+other)
	default:
		header := pick(h, "Authorization: Bearer", "Authorization: Bearer x", "Authorization: Bearer a.b.c", "Authorization: bearer "+p.token()+"x",
			"Authorization: Basic YTpi", "Authorization: Bearer "+p.token()+" ", "Authorization: Bearer "+p.token()+".x", "Authorization: Bearer "+noneToken,
			"Authorization: DPoP "+p.token(), "Authorization: Bearer "+strings.Repeat("a", 9000), "Authorization: "+p.token(), "Authorization: Bearer "+symbol("refresh "+p.name))
		q.header = append(dropHeader(q.header, "Authorization"), header)
		if h.chance(10) {
			q.header = append(q.header, header)
		}
	}
	return h.ask(q)
}

// noneToken states everything and has no signature.
const noneToken = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJpc3MiOiJodHRwczovL3dhcmRnYXRlLmludGVybmFsIiwic3ViIjoieCIsImF1ZCI6WyJ3YXJkZ2F0ZSJdLCJleHAiOjQwMDAwMDAwMDAsInNpZCI6IngiLCJyb2xlIjoiZG9jdG9yIn0."

func dropHeader(list []string, name string) []string {
	var kept []string
	for _, line := range list {
		if !strings.HasPrefix(line, name+":") {
			kept = append(kept, line)
		}
	}
	return kept
}

// malformed sends what has two readings, or none.
func (h *harness) malformed(w *world) error {
	p := h.aPerson(w)
	id := h.aPatient(w, p)
	q := &request{to: pep, from: pick(h, onSite, onSite, offSite), method: "GET", target: "/api/patients/" + id, what: "malformed", header: p.bearing(p.token())}
	if h.chance(30) {
		q.header = p.as()
	}
	jsonBody := func(method, target, body string) {
		q.method, q.target, q.body = method, target, body
		q.header = append(q.header, "Content-Type: application/json")
	}
	switch h.random.IntN(8) {
	case 0, 1:
		q.target = pick(h, "/", "//api/patients", "/api/patients/", "/API/patients", "/api/./patients", "/api/../api/patients", "/api/patients/%2e%2e/x", "/api%2Fpatients", "/api/patients/a%2Fb",
			"/api/patients;x=1", "/api/patients#f", "/api/patients/%00", "/api/patients/%c0%ae", "/api/patients/%252e", "/api/patients\\x", "/api/patients/%5c", "*", "api/patients", "http://localhost/api/patients",
			"http://evil.test/api/patients", "//evil.test/api/me", "/api/patients/a?b?c", "/api/patients?a=1;b=2", "/no/such/path", "/api/nothing", "/favicon.ico", "/api/authz/forward-auth", "/api/authz/auth-request",
			"/"+strings.Repeat("a", 3000), "/api/patients/"+strings.Repeat("%41", 300), "/demo/outbox?x", "/api/pätients", "/api/patients/%", "/api/patients/%zz")
	case 2:
		q.method = pick(h, "OPTIONS", "TRACE", "PATCH", "CONNECT", "FOO", "get", "HEAD", "PUT", "DELETE", "PROPFIND", "G@T")
		// No session is to end here.
		q.header = p.as()
		q.alone = true
	case 3:
		q.host = pick(h, "evil.test", "localhost:80", "127.0.0.1", "[::1]", "LOCALHOST", "localhost.", "a b", "-", "wardgate.hospital.test", "127.0.0.1.evil.test", "localhost:x")
		q.alone = true
	case 4:
		q.header = append(q.header, pick(h, "X-HTTP-Method-Override: DELETE", "X-Original-URL: /api/me", "X-Rewrite-URL: /api/me", "Content-Type: a", "Cookie: a=b", "Connection: X-User", "Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket",
			"X_User: a", "Forwarded: for=1.2.3.4", "Expect: 100-continue", "TE: trailers", "Trailer: x", "Proxy-Authorization: x", "Content-Encoding: gzip", "Content-Length: 0", "Content-Length: 3", "Max-Forwards: 0", "Via: 1.1 x", "A: "+strings.Repeat("b", 4000)))
		if strings.HasPrefix(q.header[len(q.header)-1], "Content-Length: 3") {
			q.body = "abc"
		}
		q.alone = true
	case 5:
		q.header = append(q.header, pick(h, "Authorization: Bearer x", "Cookie: a=1\r\nCookie: b=2", "User-Agent: two", "If-Match: a\r\nIf-Match: b", "Idempotency-Key: a\r\nIdempotency-Key: b", "Content-Length: 1\r\nContent-Length: 2",
			"Transfer-Encoding: chunked\r\nContent-Length: 4", "Transfer-Encoding: gzip", " folded: x", "Bad Name: x", "Name : x", "X: a\x00b", "Traceparent: a\r\nTraceparent: b"))
		if strings.HasPrefix(q.header[len(q.header)-1], "Transfer-Encoding: chunked") {
			q.body = "0\r\n\r\n"
		}
		q.alone = true
	case 6:
		// Bodies, from a doctor, who may add patients, or without a session.
		doctor := w.person("doctor")
		q.header = doctor.bearing(doctor.token())
		q.after = watch(doctor)
		jsonBody("POST", "/api/patients", pick(h, "", "{", "[]", "null", "1", `"x"`, `{"name":"a"}{}`, `{"name":"a"} x`, `{"name":"a","name":"b"}`, `{"name":"\ud800"}`, "{\"name\":\"\xff\"}", `{"name":9007199254740993}`, `{"name":1e400}`,
			`{"name":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`}`, `{"name":"`+strings.Repeat("a", 300)+`"}`, "\xef\xbb\xbf{}", `{"name":NaN}`, "{\"name\":\"a\x00\"}", `{"name":"a",}`))
	case 7:
		doctor := w.person("doctor")
		q.header, q.method, q.target, q.after = doctor.bearing(doctor.token()), "POST", "/api/patients", watch(doctor)
		q.alone = true
		switch h.random.IntN(6) {
		case 0:
			q.header = append(q.header, "Content-Type: "+pick(h, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=latin1", "application/JSON", "application/json; charset=utf-8", "x", ""))
			q.body = `{"name":"T"}`
		case 1:
			q.body = `{"name":"T"}`
		case 2:
			q.header = append(q.header, "Content-Type: application/json", "Transfer-Encoding: chunked")
			q.body = pick(h, "c\r\n{\"name\":\"T\"}\r\n0\r\n\r\n", "0\r\n\r\n", "zz\r\n", "c\r\n{\"name\":\"T\"}\r\n0\r\nX: y\r\n\r\n")
		case 3:
			q.header = append(q.header, "Content-Type: application/json")
			q.body = `{"name":"` + strings.Repeat("a", pick(h, 1000, 100_000)) + `"}`
		case 4:
			q.method, q.target, q.body = "GET", "/api/patients", `{"name":"T"}`
			q.header = append(q.header, "Content-Type: application/json", fmt.Sprint("Content-Length: ", len(q.body)))
		case 5:
			q.header = append(q.header, "Content-Type: application/json", "Content-Encoding: "+pick(h, "gzip", "identity", "br"))
			q.body = `{"name":"T"}`
		}
	}
	return h.ask(q)
}

// forwarded asks as another proxy does.
func (h *harness) forwarded(w *world) error {
	p := h.aPerson(w)
	rows := h.rows(w, p)
	r := pick(h, append(rows, row{"GET", "/imaging/1", "", nil}, row{"GET", "/nowhere/1", "", nil}, row{"GET", "/lab/reports/r-1", "", nil})...)
	for !r.mayChange(p.role) {
		r = pick(h, rows...)
	}
	client := pick(h, onSite, onSite, offSite, "8.8.8.8", "::1", "2001:db8::1")
	host := pick(h, "localhost", "localhost", "localhost", "localhost:8080", "evil.test", "127.0.0.1")
	q := &request{to: pep, from: theProxy, method: pick(h, "GET", "GET", "POST"), what: "for " + p.name, header: p.bearing(p.token()), after: watch(p)}
	if p.isElevated() && h.chance(50) {
		q.header = p.bearing(p.higher())
	}
	if h.chance(15) {
		q.header = p.as()
	}
	if h.chance(50) {
		q.target = "/api/authz/forward-auth"
		q.header = append(q.header, "X-Forwarded-Method: "+r.method, "X-Forwarded-Proto: https", "X-Forwarded-Host: "+host, "X-Forwarded-Uri: "+r.target, "X-Forwarded-For: "+client)
	} else {
		q.target = "/api/authz/auth-request"
		q.header = append(q.header, "X-Original-Method: "+r.method, "X-Original-URL: https://"+host+r.target, "X-Forwarded-For: "+client)
	}
	if h.chance(8) { // one of the lines is missing, or there twice
		i := h.random.IntN(len(q.header))
		if h.chance(50) {
			q.header = append(q.header[:i:i], q.header[i+1:]...)
		} else {
			q.header = append(q.header, q.header[i])
		}
	}
	if h.chance(5) {
		q.header = append(q.header, pick(h, "X-HTTP-Method-Override: DELETE", "X-Rewrite-URL: /api/me", "X_Forwarded_For: 1.2.3.4", "X-Forwarded-Uri: //x"))
	}
	if h.chance(5) {
		q.target += pick(h, "?x=1", "/", "x")
	}
	return h.ask(q)
}

// laboratory asks for an application that Wardgate did not write.
func (h *harness) laboratory(w *world) error {
	p := h.aPerson(w)
	r := row{"GET", "/lab/reports/" + pick(h, "r-1", "r-2", "plain", "failing", "moved", "empty", "a%20b"), "", nil}
	if h.chance(20) {
		r = row{"GET", "/lab/patients/" + h.aPatient(w, p), "", nil}
	}
	if h.chance(10) {
		r = row{"GET", pick(h, "/imaging/1", "/nowhere/1"), "", nil}
	}
	if h.chance(5) && !p.banned {
		r = row{"HEAD", "/lab/reports/r-1", "", nil}
	}
	return h.ask(h.request(r, p))
}

// evaluation asks the decision point.
func (h *harness) evaluation(w *world) error {
	p := h.aPerson(w)
	q := h.question(w, p)
	body := q
	target := "/access/v1/evaluation"
	switch h.random.IntN(10) {
	case 0, 1:
		target = "/v1/data/authz/answer"
		body = `{"input":` + q + `}`
	case 2, 3:
		target = "/access/v1/evaluations"
		list := []string{q}
		for range h.random.IntN(4) {
			list = append(list, h.question(w, h.aPerson(w)))
		}
		body = `{"evaluations":[` + strings.Join(list, ",") + `]` + pick(h, "", `,"options":{"evaluations_semantic":"deny_on_first_deny"}`, `,"options":{"evaluations_semantic":"permit_on_first_permit"}`, `,"options":{"evaluations_semantic":"x"}`,
			`,"subject":{"type":"user","id":"`+p.id()+`"}`, `,"context":{"address":"127.0.0.1"}`) + `}`
	}
	return h.ask(h.toPDP(target, body))
}

func (h *harness) toPDP(target, body string) *request {
	token := symbol("pdp token")
	if h.chance(10) {
		token = "a-token-of-the-laboratory"
	}
	return &request{to: pdp, from: onSite, method: "POST", target: target, body: body, what: "a caller asks",
		header: []string{"Authorization: Bearer " + token, "Content-Type: application/json"}}
}

var actions = strings.Fields(`patient.list patient.add patient.read patient.delete service.list service.add service.edit service.delete service.complete bill.list
	model.read model.predict account.read session.list session.end session.elevate user.list user.approve user.ban user.unban user.revoke ban.list ban.lift patient.restore
	device.list device.forget notice.list factor.add factor.confirm factor.remove console.read console.change signal.report key.list account.sign_up session.create session.refresh session.continue machine.log_in
	log_in.begin log_in.fail log_in.attempt demo.outbox lab.read nothing.at_all`)

func (h *harness) question(w *world, p *person) string {
	subject := fmt.Sprintf(`{"type":%q,"id":"%s"}`, pick(h, "user", "user", "user", "user", "machine", "anonymous", "group"), pick(h, p.id(), p.id(), p.id(), noSuchID, "x"))
	resource := fmt.Sprintf(`{"type":%q,"id":"%s"}`, pick(h, "patient", "patient", "patient", "service", "model", "session", "user", "thing"), pick(h, plainID(h.aPatient(w, p)), plainID(h.aPatient(w, p)), h.aService(w), ""))
	context := pick(h, `{"address":"127.0.0.1"}`, `{"address":"127.0.0.1","purpose":"treatment"}`, `{"address":"127.0.0.1","purpose":"payment"}`, `{"address":"8.8.8.8"}`, `{"address":"127.0.0.1","purpose":"mischief"}`, `{}`,
		`{"address":"x"}`, `{"address":"127.0.0.1","purpose":7}`, `{"address":"127.0.0.1","user_agent":"`+firefox+`","elevation":"fresh"}`, `{"time":"2020-01-01T00:00:00Z","address":"127.0.0.1"}`)
	return fmt.Sprintf(`{"subject":%s,"action":{"name":%q},"resource":%s,"context":%s}`, subject, pick(h, actions...), resource, context)
}

// plainID is an id as it stands in a question, not in a path.
func plainID(id string) string {
	if decoded, err := url.PathUnescape(id); err == nil && !strings.ContainsAny(decoded, "\"\\\x00") {
		return decoded
	}
	return "x"
}

// badEvaluation asks the decision point what it cannot read.
func (h *harness) badEvaluation(w *world) error {
	q := h.toPDP(pick(h, "/access/v1/evaluation", "/access/v1/evaluations", "/v1/data/authz/answer"), h.question(w, h.aPerson(w)))
	switch h.random.IntN(5) {
	case 0:
		q.header = append(dropHeader(q.header, "Authorization"), pick(h, "Authorization: Bearer x", "Authorization: Basic x", "A: b", "Authorization: Bearer "+h.aPerson(w).token()))
	case 1:
		q.target = pick(h, "/", "/access/v1/evaluation/", "/access/v1/Evaluation", "/v1/data", "/v1/data/authz", "/v1/policies", "/.well-known/authzen-configuration", "/openapi.json", "/internal/decide", "/access/v1/search/subject", "/v1/query")
		q.method = pick(h, "GET", "POST", "PUT", "DELETE")
	case 2:
		q.body = pick(h, "", "{}", "[]", "null", "{", `{"subject":1}`, `{"subject":{},"action":{},"resource":{}}`, `{"subject":{"type":"user","id":"a","id":"b"},"action":{"name":"x"},"resource":{"type":"t","id":"i"}}`, `{"evaluations":[]}`, `{"evaluations":[{}]}`, `{"evaluations":{}}`,
			`{"input":{}}`, `{"input":1}`, `{"Subject":{"type":"user","id":"x"}}`, `{"subject":{"type":"user","id":"`+strings.Repeat("x", 2000)+`"},"action":{"name":"a"},"resource":{"type":"t","id":"i"}}`, "{\"subject\":\"\xff\"}", `{}{}`)
	case 3:
		q.header = append(dropHeader(q.header, "Content-Type"), pick(h, "Content-Type: text/plain", "Content-Type: application/json; charset=utf-8", "X-Request-ID: abc", "X-Request-ID: \xff", "Content-Type: application/x-www-form-urlencoded", "Content-Encoding: gzip"))
	case 4:
		q.method = pick(h, "GET", "PUT", "OPTIONS", "HEAD")
		q.alone = true
	}
	q.what = "a caller errs"
	return h.ask(q)
}
